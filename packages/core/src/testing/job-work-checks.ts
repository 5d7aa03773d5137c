import { expect } from "vitest";
import { MillraceError } from "../errors.ts";
import type { ConformanceCheck } from "./conformance.ts";
import type { DescribeJobQueueOptions } from "./describe-job-queue.ts";
import { aborted, untilAborted, withQueue } from "./job-queue-place.ts";

const busy = (): MillraceError => new MillraceError("REMOTE_FAILED", "busy", { retryable: true });
const QUICK = { firstMs: 1, mostMs: 2 };

/** Running, attempts, order, stopping. */
export const jobWorkChecks: readonly ConformanceCheck<DescribeJobQueueOptions>[] = [
  {
    title: "runs a job and keeps what its handler returns, says and writes",
    run: (options) =>
      withQueue(options, async ({ jobs, events, statesOf, until }) => {
        const { id } = await jobs.add("load", { n: 20 });
        await using _worker = await jobs.work(async (job, { progress, log }) => {
          await progress({ phase: "half", n: 10 });
          const seen = await jobs.get(job.id);
          await log("first");
          await log("second");
          await progress({ phase: "end" });
          return {
            twice: (job.payload as { n: number }).n * 2,
            seen: seen?.progress,
            state: seen?.state,
          };
        });
        const job = await until(id, "done");
        expect(job, "a job that is done").toMatchObject({
          result: { twice: 40, seen: { phase: "half", n: 10 }, state: "running" },
          ...{ attempts: 1, losses: 0, progress: { phase: "end" }, error: undefined },
        });
        expect(job.startedMs, "startedMs").toBeGreaterThanOrEqual(job.createdMs);
        expect(job.finishedMs, "finishedMs").toBeGreaterThanOrEqual(job.startedMs ?? Infinity);
        const { lines, next } = await jobs.logs(id);
        expect(
          lines.map(({ line, text }) => [line, text]),
          "the log",
        ).toEqual([
          [1, "first"],
          [2, "second"],
        ]);
        expect(next, "what follows the log").toBeUndefined();
        await expect
          .poll(() => statesOf(id), { message: "events" })
          .toEqual(["waiting", "running", "done"]);
        await expect
          .poll(() => events.filter(({ type }) => type === "job-progress" || type === "job-log"), {
            message: "events of progress and log",
          })
          .toMatchObject([
            { type: "job-progress", id, progress: { phase: "half", n: 10 } },
            { type: "job-log", id, line: { line: 1, text: "first" } },
            { type: "job-log", id, line: { line: 2, text: "second" } },
            { type: "job-progress", id, progress: { phase: "end" } },
          ]);
      }),
  },
  {
    title: "keeps the newest lines of a log, in pages, numbered through all attempts",
    run: (options) =>
      withQueue(
        options,
        async ({ jobs, until }) => {
          const { id } = await jobs.add("load", 1, { maxAttempts: 2, backoff: QUICK });
          await using _worker = await jobs.work(async ({ attempts }, { log }) => {
            for (let i = 0; i < 4; i++) void log(`${attempts}.${i}`);
            await log("x".repeat(10_000));
            if (attempts === 1) throw busy();
          });
          await until(id, "done");
          const first = await jobs.logs(id, { limit: 4 });
          expect(
            first.lines.map(({ line }) => line),
            "numbers of the oldest lines kept",
          ).toEqual([5, 6, 7, 8]);
          expect(first.lines[1]?.text, "a line of the second attempt").toBe("2.0");
          expect(first.next, "next page").toBe(8);
          const second = await jobs.logs(id, { after: 8, limit: 4 });
          expect(
            second.lines.map(({ line }) => line),
            "second page",
          ).toEqual([9, 10]);
          expect(second.lines[1]?.text, "a long line").toHaveLength(4_096);
          expect(second.next, "last page").toBeUndefined();
          expect((await jobs.logs("none")).lines, "log of no job").toEqual([]);
        },
        { keepLogLines: 6 },
      ),
  },
  {
    title: "runs jobs by priority, then in the order of adding",
    run: (options) =>
      withQueue(options, async ({ jobs, until }) => {
        const wanted = [0, 5, -5, 0, 1_000, 5];
        for (const [i, priority] of wanted.entries())
          await jobs.add("load", i, { id: `${i}`, priority });
        const order: unknown[] = [];
        await using _worker = await jobs.work(async ({ payload }) => {
          order.push(payload);
        });
        await until("2", "done");
        expect(order, "order of payloads").toEqual([4, 1, 5, 0, 3, 2]);
      }),
  },
  {
    title: "runs each job once, with as many at once as allowed, over several workers",
    run: (options) =>
      withQueue(options, async ({ jobs, until }) => {
        const runs = new Map<string, number>();
        let now = 0;
        let most = 0;
        const handler = async ({ id }: { id: string }): Promise<void> => {
          runs.set(id, (runs.get(id) ?? 0) + 1);
          now += 1;
          most = Math.max(most, now);
          await new Promise((resolve) => setTimeout(resolve, 20));
          now -= 1;
        };
        await using _one = await jobs.work(handler, { concurrency: 3 });
        await using _two = await jobs.work(handler);
        const added = await Promise.all(Array.from({ length: 24 }, (_, i) => jobs.add("load", i)));
        for (const { id } of added) await until(id, "done");
        expect([...runs.values()], "runs of each job").toEqual(added.map(() => 1));
        expect(most, "runs at once").toBeLessThanOrEqual(4);
        expect(most, "runs at once").toBeGreaterThan(1);
      }),
  },
  {
    title: "holds a delayed job back",
    run: (options) =>
      withQueue(options, async ({ jobs, until, statesOf }) => {
        await using _worker = await jobs.work(async () => {});
        const { id, state, delayedUntilMs, createdMs } = await jobs.add("load", 1, {
          delayMs: 300,
        });
        expect(state, "state of a delayed job").toBe("delayed");
        expect(delayedUntilMs, "delayedUntilMs").toBe(createdMs + 300);
        const job = await until(id, "done");
        expect(job.startedMs, "start of the delayed job").toBeGreaterThanOrEqual(
          createdMs + 300 - 10,
        );
        expect(job.delayedUntilMs, "delayedUntilMs of a job that is done").toBeUndefined();
        await expect
          .poll(() => statesOf(id), { message: "events" })
          .toEqual(["delayed", "waiting", "running", "done"]);
      }),
  },
  {
    title: "tries again after a retryable error, and gives up after the last attempt",
    run: (options) =>
      withQueue(options, async ({ jobs, until, statesOf }) => {
        const seen: number[] = [];
        await using _worker = await jobs.work(async ({ attempts, payload }) => {
          seen.push(attempts);
          if (payload !== attempts) throw busy();
          return "in the end";
        });
        const { id } = await jobs.add("load", 3, { maxAttempts: 3, backoff: QUICK });
        expect(await until(id, "done"), "a job that is done at last").toMatchObject({
          attempts: 3,
          result: "in the end",
          error: undefined,
        });
        const hopeless = await jobs.add("load", 0, { maxAttempts: 2, backoff: QUICK });
        expect(await until(hopeless.id, "failed"), "a job that failed").toMatchObject({
          attempts: 2,
          error: { code: "REMOTE_FAILED", message: "busy" },
          result: undefined,
          finishedMs: expect.any(Number),
        });
        expect(seen, "attempts as handlers saw them").toEqual([1, 2, 3, 1, 2]);
        await expect
          .poll(
            () =>
              statesOf(hopeless.id).filter((state) => state !== "waiting" && state !== "delayed"),
            {
              message: "events",
            },
          )
          .toEqual(["running", "running", "failed"]);
      }),
  },
  {
    title: "waits between attempts, and shows why",
    run: (options) =>
      withQueue(options, async ({ jobs, until }) => {
        await using _worker = await jobs.work(async () => {
          throw busy();
        });
        // The pause is drawn between 0 and its bound, so the bound is long enough to be seen.
        const { id } = await jobs.add("load", 1, { backoff: { firstMs: 1e9, mostMs: 1e9 } });
        const job = await until(id, "delayed");
        expect(job, "between attempts").toMatchObject({
          attempts: 1,
          error: { code: "REMOTE_FAILED" },
        });
        expect(job.finishedMs, "finishedMs between attempts").toBeUndefined();
        expect(job.delayedUntilMs, "delayedUntilMs").toBeGreaterThanOrEqual(
          job.startedMs ?? Infinity,
        );
      }),
  },
  {
    title: "does not try again after other errors, unless told to",
    run: (options) =>
      withQueue(options, async ({ jobs, until }) => {
        const handler = async ({ attempts }: { attempts: number }): Promise<void> => {
          if (attempts < 3) throw new TypeError("no such thing");
        };
        const worker = await jobs.work(handler);
        const first = await jobs.add("load", 1);
        expect(await until(first.id, "failed"), "a job with another error").toMatchObject({
          attempts: 1,
          error: { code: "INTERNAL", message: "no such thing" },
        });
        await worker[Symbol.asyncDispose]();
        await using _told = await jobs.work(handler, {
          retryable: (error) => error instanceof TypeError,
        });
        const second = await jobs.add("load", 1, { backoff: QUICK });
        expect(await until(second.id, "done"), "a job of a worker that was told").toMatchObject({
          attempts: 3,
        });
      }),
  },
  {
    title: "fails a job whose result cannot be kept",
    run: (options) =>
      withQueue(options, async ({ jobs, until }) => {
        await using _worker = await jobs.work(async () => 1n);
        const { id } = await jobs.add("load", 1);
        expect((await until(id, "failed")).error?.code, "code").toBe("INVALID_OPTION");
      }),
  },
  {
    title: "gives running jobs back when a worker stops, without a used-up attempt",
    run: (options) =>
      withQueue(options, async ({ jobs, until, settles }) => {
        const begun = Promise.withResolvers<void>();
        const worker = await jobs.work(async (_job, { signal }) => {
          begun.resolve();
          return await untilAborted(signal);
        });
        const { id } = await jobs.add("load", 1, { maxAttempts: 1 });
        await jobs.add("load", 2, { id: "later" });
        await settles(begun.promise, "the handler");
        await settles(worker[Symbol.asyncDispose](), "stopping the worker");
        await settles(worker.ended, "ended of a stopped worker");
        expect(await jobs.get(id), "a job that was given back").toMatchObject({
          state: "waiting",
          attempts: 0,
          losses: 0,
        });
        expect((await jobs.get("later"))?.state, "a job that had not begun").toBe("waiting");
        const order: string[] = [];
        await using _other = await jobs.work(async (job) => {
          order.push(job.id);
          return job.attempts;
        });
        expect((await until(id, "done")).result, "attempts in the next worker").toBe(1);
        await until("later", "done");
      }),
  },
  {
    title: "waits for handlers that finish while the worker stops, and not for ever",
    run: (options) =>
      withQueue(options, async ({ jobs, until, settles }) => {
        const begun = Promise.withResolvers<void>();
        const never = Promise.withResolvers<void>();
        let started = 0;
        const worker = await jobs.work(
          async ({ payload }, { signal }) => {
            started += 1;
            if (started === 2) begun.resolve();
            if (payload === "heedless") await never.promise;
            await aborted(signal);
            return "finished";
          },
          { concurrency: 2, stopMs: 200 },
        );
        const heedless = await jobs.add("load", "heedless");
        const finishing = await jobs.add("load", "finishing");
        await settles(begun.promise, "both handlers");
        await settles(worker[Symbol.asyncDispose](), "stopping the worker");
        expect((await until(finishing.id, "done")).result, "a job that finished").toBe("finished");
        expect(await jobs.get(heedless.id), "a job of a heedless handler").toMatchObject({
          state: "waiting",
          attempts: 0,
        });
        never.resolve();
      }),
  },
];
