import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { embeddedJobs } from "../jobs/embedded/embedded-jobs.ts";
import type { JobQueue } from "../jobs/job-queue.ts";
import type { DescribeJobQueueOptions } from "./describe-job-queue.ts";
import { failuresOf } from "./failures-of.ts";
import { jobQueueChecks } from "./job-queue-checks.ts";

/** A queue over another one, with a fault. */
type Fault = (jobs: JobQueue) => Partial<JobQueue>;

function optionsWith(fault: Fault): DescribeJobQueueOptions {
  return {
    settleMs: 1_000,
    async create() {
      const folder = await mkdtemp(join(tmpdir(), "millrace-broken-"));
      return {
        async open(options) {
          const jobs = await embeddedJobs({ path: join(folder, "jobs.db"), ...options });
          const faulty = fault(jobs);
          return new Proxy(jobs, {
            get: (_, name) => {
              const value = Reflect.get(name in faulty ? faulty : jobs, name);
              return typeof value === "function" ? value.bind(jobs) : value;
            },
          });
        },
        [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
      };
    },
  };
}

const FAULTS: readonly (readonly [what: string, fault: Fault, rule: string, said: RegExp])[] = [
  [
    "gives every job an id of its own",
    (jobs) => ({ add: (kind, payload, { id: _, ...rest } = {}) => jobs.add(kind, payload, rest) }),
    "adds a job once, however often its id is given",
    /the job that is there already/,
  ],
  [
    "forgets priorities",
    (jobs) => ({
      add: (kind, payload, { priority: _, ...rest } = {}) => jobs.add(kind, payload, rest),
    }),
    "runs jobs by priority, then in the order of adding",
    /order of payloads/,
  ],
  [
    "says that it cancelled, and does not",
    (jobs) => ({
      change: async (id, change) =>
        change === "cancel"
          ? { ...(await jobs.add("load", 1, { id })), state: "cancelled" }
          : await jobs.change(id, change),
    }),
    "cancels a running job through its signal",
    /the signal of a cancelled job did not settle/,
  ],
  [
    "tries everything again",
    (jobs) => ({ work: (handler) => jobs.work(handler, { retryable: () => true }) }),
    "does not try again after other errors, unless told to",
    /^job .* should become failed, and is (delayed|running|done|waiting)/,
  ],
  [
    "lets as many run at once as there are",
    (jobs) => ({ work: (handler) => jobs.work(handler, { concurrency: 100 }) }),
    "runs each job once, with as many at once as allowed, over several workers",
    /runs at once/,
  ],
  [
    "counts a stop as a failure",
    (jobs) => ({
      work: (handler, options) =>
        jobs.work(async (job, context) => await handler(job, context).catch(() => "done"), options),
    }),
    "gives running jobs back when a worker stops, without a used-up attempt",
    /a job that was given back/,
  ],
  [
    "lists the oldest first",
    (jobs) => ({
      async list(query) {
        const page = await jobs.list(query);
        return { ...page, jobs: [...page.jobs].reverse() };
      },
    }),
    "lists jobs in pages, the newest first, by state and kind",
    /all/,
  ],
];

describe("the checks of a job queue", () => {
  it.each(FAULTS)("tell a queue that %s", async (_, fault, rule, said) => {
    const checks = jobQueueChecks.filter(({ title }) => title === rule);
    expect(checks).toHaveLength(1);
    expect(
      await failuresOf(
        checks,
        optionsWith(() => ({})),
      ),
    ).toEqual({});
    const { [rule]: failure } = await failuresOf(checks, optionsWith(fault));
    expect(failure).toMatch(said);
  });
});
