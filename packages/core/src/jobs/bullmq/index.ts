/**
 * A job queue on Redis or Valkey, through BullMQ.
 *
 * @packageDocumentation
 */
export { type BullmqJobsOptions, bullmqJobs } from "./bullmq-jobs.ts";
export type {
  BullmqClient,
  BullmqErrorClass,
  BullmqEvents,
  BullmqEventsClass,
  BullmqJob,
  BullmqLibrary,
  BullmqQueue,
  BullmqQueueClass,
  BullmqWorker,
  BullmqWorkerClass,
} from "./bullmq-library.ts";
