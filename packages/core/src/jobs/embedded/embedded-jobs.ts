import { resolve } from "node:path";
import { retentionOf } from "../job-input.ts";
import type { JobQueue, JobRetention } from "../job-queue.ts";
import { EmbeddedQueue } from "./embedded-queue.ts";
import { JobFile } from "./job-file.ts";

/** Options of {@link embeddedJobs}. */
export interface EmbeddedJobsOptions extends JobRetention {
  /** The file of the queue; it and its folder are made where there is none. */
  readonly path: string;
}

/**
 * A job queue in one file, for one process at a time. It needs no server, and survives crashes of the process and
 * of the machine: jobs that ran then are given out again as soon as the queue is opened.
 *
 * @throws MillraceError INVALID_OPTION when the file is in use or cannot be made; CORRUPT_INPUT when it is
 * damaged, in which case it is left as it is
 * @example
 * ```ts
 * import { embeddedJobs } from "@millrace/core/jobs";
 *
 * await using jobs = await embeddedJobs({ path: "jobs.db" });
 * await using worker = await jobs.work(async (job, { signal, progress }) => {
 *   await progress({ files: 1 });
 *   return { greeting: `Hello ${job.payload}`, cancelled: signal.aborted };
 * });
 * const done = new Promise<void>((resolve) => {
 *   jobs.events$.subscribe((event) => {
 *     if (event.type === "job-state" && event.state === "done") resolve();
 *   });
 * });
 * const { id } = await jobs.add("greet", "Ada");
 * await done;
 * console.log((await jobs.get(id))?.result); // { greeting: 'Hello Ada', cancelled: false }
 * ```
 */
export async function embeddedJobs(options: EmbeddedJobsOptions): Promise<JobQueue> {
  const retention = retentionOf(options);
  const file = await JobFile.open(resolve(options.path));
  return new EmbeddedQueue(file, retention);
}
