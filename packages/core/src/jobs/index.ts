/**
 * Work that outlives its processes: the contract of a job queue, and one in a file.
 *
 * @packageDocumentation
 */
export { type EmbeddedJobsOptions, embeddedJobs } from "./embedded/embedded-jobs.ts";
export type { Job, JobEvent, JobFailure, JobLogLine, JobState } from "./job.ts";
export type {
  AddJobOptions,
  Backoff,
  JobChange,
  JobContext,
  JobHandler,
  JobLogPage,
  JobLogQuery,
  JobPage,
  JobQuery,
  JobQueue,
  JobQueueCapabilities,
  JobRetention,
  JobWorker,
  WorkOptions,
} from "./job-queue.ts";
