import type { BatchCost } from "./cost-model.ts";
import { type Histogram, histogramRecorder, MS_BOUNDS, SIZE_BOUNDS } from "./histogram.ts";

/** What a bucket has learnt. */
export interface BucketStats {
  /** What a batch costs; a size counts in work units where items have costs. */
  readonly cost: BatchCost;
  /** Requests a millisecond, of late. */
  readonly ratePerMs: number;
}

/** Counters of a batcher since it was made, under the names that Triton gives them where it has them. */
export interface BatcherStats {
  /** Calls of `submit`. Each is counted in one of the seven below once it is settled, or refused. */
  readonly requestCount: number;
  readonly successCount: number;
  /** Failed by `run`. */
  readonly failureCount: number;
  /** Aborted by their signal. */
  readonly cancelCount: number;
  /** Not launched in time. */
  readonly timeoutCount: number;
  /** Refused as the queue was full, as the item is too large, or as the batcher was closed. */
  readonly rejectCount: number;
  /** Calls that got the answer of another one with the same key; counted among the others, too. */
  readonly joinCount: number;
  /** Items that were run. */
  readonly inferenceCount: number;
  /** Batches that were run; `inferenceCount / executionCount` is their mean size. */
  readonly executionCount: number;
  /** Places of batches that were padded. */
  readonly paddingCount: number;
  /** Items that wait now. */
  readonly pendingCount: number;
  /** Items that run now. */
  readonly runningCount: number;
  /** Most items that a batch may have now, as {@link BatcherKnobs.targetP99Ms} has it. */
  readonly batchLimit: number;
  /** Milliseconds from request to launch, by item. */
  readonly queueMs: Histogram;
  /** Milliseconds from launch to answer, by batch. */
  readonly computeMs: Histogram;
  /** Milliseconds from request to answer, by item. */
  readonly totalMs: Histogram;
  /** Items in a batch. */
  readonly batchSize: Histogram;
  readonly buckets: Readonly<Record<string, BucketStats>>;
}

/** Counters that only grow. */
export type BatcherCounter =
  | "requestCount"
  | "successCount"
  | "failureCount"
  | "cancelCount"
  | "timeoutCount"
  | "rejectCount"
  | "joinCount"
  | "inferenceCount"
  | "executionCount"
  | "paddingCount";

/** What is true at the moment and not counted. */
export type BatcherMoment = Pick<
  BatcherStats,
  "pendingCount" | "runningCount" | "batchLimit" | "buckets"
>;

/** Counts what a batcher does. */
export interface StatsRecorder {
  add(counter: BatcherCounter, by?: number): void;
  /** An item was launched, `queueMs` after it came. */
  launched(queueMs: number): void;
  /** A batch ended. */
  ended(size: number, computeMs: number): void;
  /** An item was answered. */
  answered(totalMs: number): void;
  read(moment: BatcherMoment): BatcherStats;
}

/** Begins with zeros. */
export function statsRecorder(): StatsRecorder {
  const counters: Record<BatcherCounter, number> = {
    requestCount: 0,
    successCount: 0,
    failureCount: 0,
    cancelCount: 0,
    timeoutCount: 0,
    rejectCount: 0,
    joinCount: 0,
    inferenceCount: 0,
    executionCount: 0,
    paddingCount: 0,
  };
  const queueMs = histogramRecorder(MS_BOUNDS);
  const computeMs = histogramRecorder(MS_BOUNDS);
  const totalMs = histogramRecorder(MS_BOUNDS);
  const batchSize = histogramRecorder(SIZE_BOUNDS);
  return {
    add(counter, by = 1) {
      counters[counter] += by;
    },
    launched: (ms) => queueMs.record(ms),
    ended(size, ms) {
      batchSize.record(size);
      computeMs.record(ms);
    },
    answered: (ms) => totalMs.record(ms),
    read: (moment) => ({
      ...counters,
      ...moment,
      queueMs: queueMs.read(),
      computeMs: computeMs.read(),
      totalMs: totalMs.read(),
      batchSize: batchSize.read(),
    }),
  };
}
