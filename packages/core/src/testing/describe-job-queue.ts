import type { JobQueue, JobRetention } from "../jobs/job-queue.ts";
import { registerChecks } from "./conformance.ts";
import { jobQueueChecks } from "./job-queue-checks.ts";

/** A place where a queue keeps its jobs: a file, a prefix on a server. */
export interface JobQueuePlace extends AsyncDisposable {
  /** Opens the queue of this place; again after it was closed, and for a shared one also beside. */
  open(options?: JobRetention): Promise<JobQueue>;
}

/** A process with a worker that does not live to the end of its job. */
export interface DoomedWorker {
  /** Ends the process as a crash would (`SIGKILL`); resolves when it is gone. */
  kill(): Promise<void>;
}

/** What {@link describeJobQueue} needs to know of a queue. Whatever is left out is shown as skipped. */
export interface DescribeJobQueueOptions<P extends JobQueuePlace = JobQueuePlace> {
  /** Makes an empty place; called anew for each check. */
  create(): Promise<P>;
  /** Whether several processes may use one place at once, as the capabilities say. @defaultValue false */
  readonly shared?: boolean;
  /**
   * Starts another process that opens the queue, begins the next job and never ends it; resolves once it has
   * begun.
   */
  startDoomedWorker?(place: P): Promise<DoomedWorker>;
  /** Longest that anything may take to settle. @defaultValue 10_000 */
  readonly settleMs?: number;
}

/**
 * Registers the tests of the job queue contract with Vitest: adding once, states, attempts, cancelling, stopping,
 * restarts, and workers that die.
 *
 * @param label - title of the group
 * @example
 * ```ts no-run
 * import { mkdtemp, rm } from "node:fs/promises";
 * import { join } from "node:path";
 * import { embeddedJobs } from "@millrace/core/jobs";
 * import { describeJobQueue } from "@millrace/core/testing";
 *
 * describeJobQueue("embeddedJobs", {
 *   async create() {
 *     const folder = await mkdtemp("jobs-");
 *     return {
 *       open: (options) => embeddedJobs({ path: join(folder, "jobs.db"), ...options }),
 *       [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
 *     };
 *   },
 * });
 * ```
 */
export function describeJobQueue<P extends JobQueuePlace>(
  label: string,
  options: DescribeJobQueueOptions<P>,
): void {
  registerChecks<DescribeJobQueueOptions>(label, jobQueueChecks, options);
}
