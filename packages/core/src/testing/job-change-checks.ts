import { expect } from "vitest";
import { MillraceError } from "../errors.ts";
import type { ConformanceCheck } from "./conformance.ts";
import type { DescribeJobQueueOptions } from "./describe-job-queue.ts";
import { expectRefused } from "./expect-refused.ts";
import { aborted, untilAborted, withQueue } from "./job-queue-place.ts";

/** Cancelling, retrying, removing, forgetting. */
export const jobChangeChecks: readonly ConformanceCheck<DescribeJobQueueOptions>[] = [
  {
    title: "cancels a job that waits, at once and for good",
    run: (options) =>
      withQueue(options, async ({ jobs, until, statesOf }) => {
        await jobs.add("load", 1, { id: "waiting" });
        await jobs.add("load", 1, { id: "delayed", delayMs: 200 });
        for (const id of ["waiting", "delayed"]) {
          const cancelled = await jobs.change(id, "cancel");
          expect(cancelled, `a ${id} job, cancelled`).toMatchObject({
            ...{ state: "cancelled", attempts: 0, delayedUntilMs: undefined },
            ...{ finishedMs: expect.any(Number), error: { code: "ABORTED" } },
          });
          await expect.poll(() => statesOf(id), { message: "events" }).toEqual([id, "cancelled"]);
        }
        const { jobs: listed } = await jobs.list({ states: ["cancelled"] });
        expect(
          listed.map(({ id }) => id),
          "cancelled jobs in the list",
        ).toEqual(["delayed", "waiting"]);
        expect((await jobs.list({ states: ["waiting", "delayed"] })).jobs, "waiting jobs").toEqual(
          [],
        );
        const ran: string[] = [];
        await using _worker = await jobs.work(async ({ id }) => {
          ran.push(id);
        });
        await jobs.add("load", 1, { id: "last", delayMs: 400 });
        await until("last", "done");
        expect(ran, "jobs that ran").toEqual(["last"]);
        expect((await jobs.get("waiting"))?.state, "the cancelled job afterwards").toBe(
          "cancelled",
        );
      }),
  },
  {
    title: "cancels a running job through its signal",
    run: (options) =>
      withQueue(options, async ({ jobs, until, settles, statesOf }) => {
        const begun = Promise.withResolvers<void>();
        const reason = Promise.withResolvers<unknown>();
        await using _worker = await jobs.work(async (_job, { signal }) => {
          begun.resolve();
          await aborted(signal);
          reason.resolve(signal.reason);
          throw new MillraceError("REMOTE_FAILED", "cut off", { retryable: true });
        });
        const { id } = await jobs.add("load", 1);
        await settles(begun.promise, "the handler");
        const asked = await jobs.change(id, "cancel");
        expect(["running", "cancelled"], "state after cancel").toContain(asked.state);
        const why = await settles(reason.promise, "the signal of a cancelled job");
        expect(MillraceError.is(why) && why.code, "reason of the signal").toBe("ABORTED");
        expect(await until(id, "cancelled"), "the job").toMatchObject({
          cancelling: false,
          error: { code: "ABORTED" },
          finishedMs: expect.any(Number),
        });
        await expect
          .poll(() => statesOf(id), { message: "events" })
          .toEqual(["waiting", "running", "cancelled"]);
      }),
  },
  {
    title: "cancels a running job of another process",
    missing: ({ shared }) => (shared ? undefined : "it is used by one process at a time"),
    run: (options) =>
      withQueue(options, async ({ jobs, place, until, settles }) => {
        const begun = Promise.withResolvers<void>();
        await using elsewhere = await place.open();
        await using _worker = await elsewhere.work(async (_job, { signal, log }) => {
          await log("begun");
          begun.resolve();
          return await untilAborted(signal);
        });
        const heard = Promise.withResolvers<void>();
        jobs.events$.subscribe(({ type }) => type === "job-log" && heard.resolve());
        const { id } = await jobs.add("load", 1);
        await settles(begun.promise, "the handler of the other process");
        await settles(heard.promise, "the log line of the other process");
        await jobs.change(id, "cancel");
        await until(id, "cancelled");
      }),
  },
  {
    title: "says done of a job that finishes although it was cancelled",
    run: (options) =>
      withQueue(options, async ({ jobs, until, settles }) => {
        const begun = Promise.withResolvers<void>();
        await using _worker = await jobs.work(async (_job, { signal }) => {
          begun.resolve();
          await aborted(signal);
          return "all of it";
        });
        const { id } = await jobs.add("load", 1);
        await settles(begun.promise, "the handler");
        await jobs.change(id, "cancel");
        expect(await until(id, "done"), "the job").toMatchObject({
          result: "all of it",
          cancelling: false,
        });
        expect((await jobs.change(id, "cancel")).state, "cancel of a finished job").toBe("done");
      }),
  },
  {
    title: "retries what failed or was cancelled, with all its attempts",
    run: (options) =>
      withQueue(options, async ({ jobs, until }) => {
        let works = false;
        const worker = await jobs.work(async ({ attempts }) => {
          if (!works) throw new Error("not yet");
          return attempts;
        });
        await jobs.add("load", 1, { id: "failing" });
        await until("failing", "failed");
        await worker[Symbol.asyncDispose]();
        await jobs.add("load", 1, { id: "cancelled" });
        await jobs.change("cancelled", "cancel");
        await jobs.add("load", 1, { id: "delayed", delayMs: 3_600_000 });
        works = true;
        for (const id of ["failing", "cancelled", "delayed"]) {
          const job = await jobs.change(id, "retry");
          expect(job, `a ${id} job, retried`).toMatchObject({
            state: "waiting",
            attempts: 0,
            finishedMs: undefined,
            delayedUntilMs: undefined,
          });
        }
        expect((await jobs.change("failing", "retry")).state, "retry of a waiting job").toBe(
          "waiting",
        );
        await using _worker = await jobs.work(async ({ attempts }) => attempts);
        for (const id of ["failing", "cancelled", "delayed"]) {
          expect(await until(id, "done"), `a ${id} job in the end`).toMatchObject({
            result: 1,
            error: undefined,
          });
          await expectRefused(
            jobs.change(id, "retry"),
            "INVALID_OPTION",
            "retry of a job that is done",
          );
        }
      }),
  },
  {
    title: "removes a job with its log, unless it runs",
    run: (options) =>
      withQueue(options, async ({ jobs, events, until, settles }) => {
        const begun = Promise.withResolvers<void>();
        await using _worker = await jobs.work(async ({ payload }, { signal, log }) => {
          await log("here");
          begun.resolve();
          if (payload === "long") await untilAborted(signal);
        });
        await jobs.add("load", "long", { id: "job" });
        await settles(begun.promise, "the handler");
        await expectRefused(
          jobs.change("job", "remove"),
          "INVALID_OPTION",
          "removal of a running job",
        );
        await jobs.change("job", "cancel");
        await until("job", "cancelled");
        expect((await jobs.change("job", "remove")).id, "what removal returns").toBe("job");
        expect(await jobs.get("job"), "a removed job").toBeUndefined();
        expect((await jobs.logs("job")).lines, "its log").toEqual([]);
        expect((await jobs.list()).jobs, "the list").toEqual([]);
        await expect
          .poll(() => events.filter(({ type }) => type === "job-remove"), { message: "events" })
          .toEqual([{ type: "job-remove", id: "job" }]);
        for (const change of ["remove", "cancel", "retry"] as const) {
          await expectRefused(jobs.change("job", change), "NOT_FOUND", `${change} of no job`);
        }
        await jobs.add("load", "short", { id: "job" });
        await until("job", "done");
        expect(
          (await jobs.logs("job")).lines.map(({ line }) => line),
          "log of a new job with the old id",
        ).toEqual([1]);
      }),
  },
  {
    title: "forgets the oldest finished jobs beyond its bound, and no others",
    run: (options) =>
      withQueue(
        options,
        async ({ jobs, until }) => {
          await jobs.add("load", 1, { id: "delayed", delayMs: 3_600_000 });
          await using _worker = await jobs.work(async ({ payload }) => {
            if (payload === "bad") throw new Error("bad");
          });
          for (const payload of ["good", "bad"]) {
            for (let i = 0; i < 5; i++) {
              await jobs.add("load", payload, { id: `${payload}-${i}` });
              await until(`${payload}-${i}`, "done", "failed");
            }
          }
          const left = async () => (await jobs.list()).jobs.map(({ id }) => id);
          await expect
            .poll(left, { message: "jobs that are left" })
            .toEqual(["bad-4", "bad-3", "good-4", "good-3", "delayed"]);
          expect(await jobs.get("good-0"), "a forgotten job").toBeUndefined();
        },
        { keepFinished: 2 },
      ),
  },
];
