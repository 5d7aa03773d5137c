/**
 * Conformance suites for plugins, and the sources, sinks and contexts to test them with.
 *
 * The suites need Vitest (an optional peer dependency).
 *
 * @packageDocumentation
 */
export {
  type CountingSource,
  type CountingSourceOptions,
  countingSource,
} from "./counting-source.ts";
export {
  type DescribeJobQueueOptions,
  type DoomedWorker,
  describeJobQueue,
  type JobQueuePlace,
} from "./describe-job-queue.ts";
export { type DescribeObjectStoreOptions, describeObjectStore } from "./describe-object-store.ts";
export { type DescribeSinkOptions, describeSink } from "./describe-sink.ts";
export { type DescribeSourceOptions, describeSource } from "./describe-source.ts";
export { type MemorySink, type MemorySinkOptions, memorySink } from "./memory-sink.ts";
export { type TestContext, testContext } from "./test-context.ts";
