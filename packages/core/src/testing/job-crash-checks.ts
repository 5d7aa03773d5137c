import { expect } from "vitest";
import type { ConformanceCheck } from "./conformance.ts";
import type { DescribeJobQueueOptions } from "./describe-job-queue.ts";
import { expectRefused } from "./expect-refused.ts";
import { untilAborted, watch } from "./job-queue-place.ts";

const LOSSES = 2;

const noProcess = ({ startDoomedWorker }: DescribeJobQueueOptions): string | undefined =>
  startDoomedWorker ? undefined : "no startDoomedWorker() to kill";

/** Restarts, many processes, and workers that die. */
export const jobCrashChecks: readonly ConformanceCheck<DescribeJobQueueOptions>[] = [
  {
    title: "holds every job after it was closed and opened again",
    async run(options) {
      await using place = await options.create();
      const before = await place.open();
      const first = watch(place, before, options);
      const worker = await before.work(async ({ payload }, { signal, log, progress }) => {
        void log("at work");
        void progress({ at: "work" });
        if (payload === "long") return await untilAborted(signal);
        if (payload === "bad") throw new Error("bad");
        return payload;
      });
      for (const id of ["good", "bad", "long"]) await before.add("load", id, { id });
      await first.until("bad", "failed");
      await first.until("long", "running");
      await before.add("load", "later", { id: "later", delayMs: 3_600_000, priority: 4 });
      await before.add("load", "never", { id: "never", delayMs: 3_600_000 });
      await before.change("never", "cancel");
      await first.settles(worker[Symbol.asyncDispose](), "stopping the worker");
      const was = (await before.list()).jobs;
      await first.settles(before[Symbol.asyncDispose](), "closing");

      await using after = await place.open();
      const states = Object.fromEntries(was.map(({ id, state }) => [id, state]));
      expect(states, "states before").toEqual({
        ...{ good: "done", bad: "failed", long: "waiting", later: "delayed", never: "cancelled" },
      });
      expect((await after.list()).jobs, "jobs after opening again").toEqual(was);
      expect(
        (await after.logs("good")).lines.map(({ text }) => text),
        "the log after opening again",
      ).toEqual(["at work"]);
      await using _worker = await after.work(async () => "now");
      expect((await watch(place, after, options).until("long", "done")).result).toBe("now");
    },
  },
  {
    title: "stops its workers when it is closed",
    async run(options) {
      await using place = await options.create();
      const before = await place.open();
      const { settles } = watch(place, before, options);
      const begun = Promise.withResolvers<void>();
      const worker = await before.work(async (_job, { signal }) => {
        begun.resolve();
        return await untilAborted(signal);
      });
      const { id } = await before.add("load", 1);
      await settles(begun.promise, "the handler");
      await settles(before[Symbol.asyncDispose](), "closing");
      await settles(worker.ended, "ended of its worker");
      await using after = await place.open();
      expect(await after.get(id), "its job").toMatchObject({
        state: "waiting",
        attempts: 0,
        losses: 0,
      });
    },
  },
  {
    title: "is refused to a second one while it is open",
    missing: ({ shared }) => (shared ? "it is shared" : undefined),
    async run(options) {
      await using place = await options.create();
      await using jobs = await place.open();
      await expectRefused(place.open(), "INVALID_OPTION", "opening a second time");
      expect((await jobs.add("load", 1)).state, "the first one afterwards").toBe("waiting");
    },
  },
  {
    title: "serves several at once: a job of one runs in another, and all hear of it",
    missing: ({ shared }) => (shared ? undefined : "it is used by one process at a time"),
    async run(options) {
      await using place = await options.create();
      await using here = await place.open();
      await using there = await place.open();
      const { until, statesOf } = watch(place, here, options);
      await using _worker = await there.work(async ({ payload }) => payload);
      const { id } = await here.add("load", "across");
      expect((await until(id, "done")).result, "result").toBe("across");
      await expect
        .poll(() => statesOf(id), { message: "events elsewhere" })
        .toEqual(["waiting", "running", "done"]);
    },
  },
  {
    title: "gives the job of a killed worker to another, and calls it neither done nor an attempt",
    missing: noProcess,
    async run(options) {
      await using place = await options.create();
      const before = await place.open();
      const { id } = await before.add("load", 1, { maxAttempts: 1 });
      await before[Symbol.asyncDispose]();
      const doomed = await options.startDoomedWorker?.(place);
      await doomed?.kill();

      await using jobs = await place.open();
      const patient = {
        ...options,
        settleMs: (options.settleMs ?? 10_000) + 2 * jobs.capabilities.leaseMs,
      };
      const { until } = watch(place, jobs, patient);
      const state = (await jobs.get(id))?.state;
      expect(["running", "waiting"], "state after the kill").toContain(state);
      await using _worker = await jobs.work(async (job) => job.losses);
      expect(await until(id, "done", "failed"), "the job").toMatchObject({
        state: "done",
        result: 1,
        losses: 1,
        attempts: 1,
      });
    },
  },
  {
    title: "fails a job that loses worker after worker, and retries it when asked",
    missing: noProcess,
    async run(options) {
      await using place = await options.create();
      const before = await place.open();
      const { id } = await before.add("load", 1);
      await before[Symbol.asyncDispose]();
      for (let i = 0; i < LOSSES; i++) await (await options.startDoomedWorker?.(place))?.kill();

      await using jobs = await place.open({ maxLosses: LOSSES });
      const patient = {
        ...options,
        settleMs: (options.settleMs ?? 10_000) + 2 * jobs.capabilities.leaseMs,
      };
      const { until } = watch(place, jobs, patient);
      let runs = 0;
      await using _worker = await jobs.work(async () => {
        runs += 1;
      });
      expect(await until(id, "done", "failed"), "the job").toMatchObject({
        ...{ state: "failed", losses: LOSSES, attempts: 0, error: { code: "WORKER_LOST" } },
      });
      expect(runs, "runs after too many losses").toBe(0);
      await jobs.change(id, "retry");
      expect(await until(id, "done"), "the job, retried").toMatchObject({ losses: 0, attempts: 1 });
    },
  },
];
