import type { Job, JobEvent, JobState } from "../jobs/job.ts";
import type { JobQueue, JobRetention } from "../jobs/job-queue.ts";
import type { DescribeJobQueueOptions, JobQueuePlace } from "./describe-job-queue.ts";
import { settles } from "./settles.ts";

/** Longest that anything may take: a queue may have to speak to a server, on a busy machine. */
const SETTLE_MS = 10_000;
const LOOK_MS = 20;

/** An open queue in a place of its own, and what a check asks of it again and again. */
export interface OpenQueue {
  readonly place: JobQueuePlace;
  readonly jobs: JobQueue;
  readonly events: readonly JobEvent[];
  readonly settleMs: number;
  /** Waits until a job is in one of these states, and gives it. */
  until(id: string, ...states: readonly JobState[]): Promise<Job>;
  /** The states that a job went through, as the events tell them. */
  statesOf(id: string): readonly JobState[];
  /** Rejects unless the promise settles in time. */
  settles<T>(promise: PromiseLike<T>, what: string): Promise<T>;
}

/** Runs a check on an open queue, and closes and removes it afterwards. */
export async function withQueue(
  options: DescribeJobQueueOptions,
  check: (open: OpenQueue) => Promise<void>,
  retention?: JobRetention,
): Promise<void> {
  await using place = await options.create();
  await using jobs = await place.open(retention);
  await check(watch(place, jobs, options));
}

/** Looks at a queue through its contract. */
export function watch(
  place: JobQueuePlace,
  jobs: JobQueue,
  { settleMs = SETTLE_MS }: DescribeJobQueueOptions,
): OpenQueue {
  const events: JobEvent[] = [];
  jobs.events$.subscribe((event) => events.push(event));
  return {
    place,
    jobs,
    events,
    settleMs,
    settles: (promise, what) => settles(promise, what, settleMs),
    statesOf: (id) =>
      events.flatMap((event) =>
        event.type === "job-state" && event.id === id ? [event.state] : [],
      ),
    async until(id, ...states) {
      const deadline = performance.now() + settleMs;
      while (true) {
        const job = await settles(jobs.get(id), `get("${id}")`, settleMs);
        if (job !== undefined && states.includes(job.state)) return job;
        if (performance.now() > deadline) {
          const said = job === undefined ? "not there" : `${job.state}: ${JSON.stringify(job)}`;
          throw new Error(`job ${id} should become ${states.join(" or ")}, and is ${said}`);
        }
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
    },
  };
}

/** A signal's abort, as a promise. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true }),
  );
}

/** A handler's natural end when its signal is aborted. */
export async function untilAborted(signal: AbortSignal): Promise<never> {
  await aborted(signal);
  throw signal.reason;
}
