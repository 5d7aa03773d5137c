import { expect } from "vitest";
import type { Job } from "../jobs/job.ts";
import type { ConformanceCheck } from "./conformance.ts";
import type { DescribeJobQueueOptions } from "./describe-job-queue.ts";
import { expectRefused } from "./expect-refused.ts";
import { withQueue } from "./job-queue-place.ts";

/** Adding, asking, listing, closing. */
export const jobRecordChecks: readonly ConformanceCheck<DescribeJobQueueOptions>[] = [
  {
    title: "declares its contract version, a name and its capabilities",
    run: (options) =>
      withQueue(options, async ({ jobs }) => {
        expect(jobs.apiVersion, "apiVersion").toBe(1);
        expect(jobs.name, "a queue needs a name for messages").toMatch(/\S/);
        expect(jobs.capabilities, "capabilities").toMatchObject({
          shared: options.shared ?? false,
          leaseMs: expect.any(Number),
        });
      }),
  },
  {
    title: "keeps a job as it was added",
    run: (options) =>
      withQueue(options, async ({ jobs, statesOf, until }) => {
        const payload = {
          path: "a/ü😀.zip",
          list: [1, null, { deep: true }],
          "10": "ten",
          "9": "",
        };
        const added = await jobs.add("load", payload, { priority: 3, maxAttempts: 7 });
        const expected = {
          ...{ kind: "load", payload, state: "waiting", priority: 3, maxAttempts: 7, attempts: 0 },
          ...{ losses: 0, cancelling: false, progress: {}, error: undefined, result: undefined },
          ...{ startedMs: undefined, finishedMs: undefined, createdMs: expect.any(Number) },
        };
        expect(added, "what add() returns").toMatchObject(expected);
        expect(await jobs.get(added.id), "what get() returns").toEqual(added);
        await until(added.id, "waiting");
        await expect
          .poll(() => statesOf(added.id), { message: "events of add()" })
          .toEqual(["waiting"]);
        expect(await jobs.get("none"), "a job that is not there").toBeUndefined();
        await jobs.add("nothing", undefined, { id: "nothing" });
        expect((await jobs.get("nothing"))?.payload, "a payload of undefined").toBeNull();
      }),
  },
  {
    title: "adds a job once, however often its id is given",
    run: (options) =>
      withQueue(options, async ({ jobs }) => {
        const first = await jobs.add("load", 1, { id: "same-id_1.2" });
        const again = await Promise.all(
          [1, 2, 3].map((n) => jobs.add("other", n, { id: first.id })),
        );
        for (const job of again) expect(job, "the job that is there already").toEqual(first);
        const numeric = await jobs.add("load", 1, { id: "17" });
        expect(numeric.id, "an id of digits").toBe("17");
        expect((await jobs.list()).jobs, "jobs in the queue").toHaveLength(2);
      }),
  },
  {
    title: "refuses what it cannot keep",
    run: (options) =>
      withQueue(options, async ({ jobs }) => {
        const loop: unknown[] = [];
        loop.push(loop);
        const refused: readonly [string, Promise<Job>][] = [
          ["a payload that refers to itself", jobs.add("load", loop)],
          ["a payload that is a function", jobs.add("load", () => {})],
          ["an empty kind", jobs.add("", 1)],
          ["an id with a slash", jobs.add("load", 1, { id: "a/b" })],
          ["an empty id", jobs.add("load", 1, { id: "" })],
          ["no attempts", jobs.add("load", 1, { maxAttempts: 0 })],
          ["half a priority", jobs.add("load", 1, { priority: 0.5 })],
          ["a negative delay", jobs.add("load", 1, { delayMs: -1 })],
        ];
        for (const [what, call] of refused) await expectRefused(call, "INVALID_OPTION", what);
        await expectRefused(
          jobs.work(async () => {}, { concurrency: 0 }),
          "INVALID_OPTION",
          "no concurrency",
        );
        expect((await jobs.list()).jobs, "jobs after refusals").toEqual([]);
      }),
  },
  {
    title: "lists jobs in pages, the newest first, by state and kind",
    run: (options) =>
      withQueue(options, async ({ jobs }) => {
        for (let i = 0; i < 7; i++) {
          const delayMs = i % 3 === 0 ? 3_600_000 : 0;
          await jobs.add(i % 2 === 0 ? "even" : "odd", i, {
            id: `job-${i}`,
            delayMs,
            priority: i % 2,
          });
        }
        const pages = async (query: object): Promise<string[]> => {
          const ids: string[] = [];
          let cursor: string | undefined;
          do {
            const page = await jobs.list({
              ...query,
              limit: 2,
              ...(cursor === undefined ? {} : { cursor }),
            });
            expect(page.jobs.length, "jobs of a page").toBeLessThanOrEqual(2);
            ids.push(...page.jobs.map(({ id }) => id));
            cursor = page.next;
          } while (cursor !== undefined);
          return ids;
        };
        const named = (...numbers: number[]): string[] => numbers.map((n) => `job-${n}`);
        expect(await pages({}), "all").toEqual(named(6, 5, 4, 3, 2, 1, 0));
        expect(await pages({ kind: "odd" }), "of a kind").toEqual(named(5, 3, 1));
        expect(await pages({ states: ["delayed"] }), "delayed").toEqual(named(6, 3, 0));
        expect(await pages({ states: ["waiting", "delayed"], kind: "even" }), "two states").toEqual(
          named(6, 4, 2, 0),
        );
        expect(await pages({ states: ["done"] }), "done").toEqual([]);
        await expectRefused(jobs.list({ limit: 0 }), "INVALID_OPTION", "a page of none");
        await expectRefused(
          jobs.list({ cursor: "elsewhere" }),
          "INVALID_OPTION",
          "a cursor of nothing",
        );
      }),
  },
  {
    title: "refuses calls after it was closed, and completes its events",
    run: (options) =>
      withQueue(options, async ({ jobs, settles }) => {
        const completed = new Promise<void>((resolve) =>
          jobs.events$.subscribe({ complete: resolve }),
        );
        const { id } = await jobs.add("load", 1);
        await settles(jobs[Symbol.asyncDispose](), "closing");
        await settles(completed, "events$ after closing");
        await settles(jobs[Symbol.asyncDispose](), "closing again");
        await expectRefused(jobs.add("load", 1), "CLOSED", "add() after closing");
        await expectRefused(jobs.get(id), "CLOSED", "get() after closing");
        await expectRefused(jobs.list(), "CLOSED", "list() after closing");
        await expectRefused(jobs.logs(id), "CLOSED", "logs() after closing");
        await expectRefused(jobs.change(id, "cancel"), "CLOSED", "change() after closing");
        await expectRefused(
          jobs.work(async () => {}),
          "CLOSED",
          "work() after closing",
        );
      }),
  },
];
