import type { BatcherClock } from "./batcher-clock.ts";

/** What may be changed at any time, by {@link Batcher.update}. */
export interface BatcherKnobs {
  /** Most requests in one batch. @defaultValue 32 */
  readonly maxBatch?: number;
  /**
   * Sizes that a batch may have, such as those for which a model was compiled. @defaultValue any
   */
  readonly allowedSizes?: readonly number[];
  /**
   * Whether a batch of another size goes as the next larger allowed one, which `run` has to fill up. Otherwise
   * batches have exactly an allowed size, and 1 has to be one of them.
   *
   * @defaultValue true
   */
  readonly padding?: boolean;
  /** Most that the costs of a batch may sum up to. @defaultValue no limit */
  readonly budget?: number;
  /** Most requests that may wait; what comes beyond is refused with OVERFLOW. @defaultValue 1024 */
  readonly capacity?: number;
  /**
   * Having waited so long counts as much as one step of priority, so that nothing waits for ever.
   *
   * @defaultValue 1000
   */
  readonly ageingMs?: number;
  /** Batches under way at once. @defaultValue 1 */
  readonly slots?: number;
  /**
   * 99th percentile of the time from request to answer that batches are made smaller for, as far as their own
   * time is the reason. @defaultValue none
   */
  readonly targetP99Ms?: number;
}

/** What {@link BatcherOptions.run} is told besides the items. */
export interface BatchContext {
  /** Size that the batch goes as: the number of items, or more where sizes are padded. */
  readonly size: number;
  /** As {@link BatcherOptions.bucket} says; `""` without it. */
  readonly bucket: string;
  /** Aborted when nobody waits for any of the items any more. */
  readonly signal: AbortSignal;
}

/** Options of {@link createBatcher}. */
export interface BatcherOptions<Item, Result> extends BatcherKnobs {
  /**
   * Runs a batch; one result an item, in their order. An `Error` in place of a result fails that item alone; a
   * rejection fails all.
   */
  run(items: readonly Item[], batch: BatchContext): Promise<readonly (Result | Error)[]>;
  /** Work units of an item, such as its pixels, for the budget and for what batches cost. @defaultValue 1 */
  cost?(item: Item): number;
  /** Items of one key are the same work: while one waits or runs, others get its answer. @defaultValue none */
  key?(item: Item): string | undefined;
  /** Items of one stream run, and are answered, in the order in which they came. @defaultValue none */
  stream?(item: Item): string | undefined;
  /** Only items of one bucket go in a batch, such as those of one shape. @defaultValue all are of one */
  bucket?(item: Item): string;
  /** @defaultValue the time of this process */
  readonly clock?: BatcherClock;
}

/** What {@link Batcher.submit} may be told. */
export interface SubmitOptions {
  /**
   * Rejects with its reason at once. An item that has not been launched is never run; one that has runs on, and
   * its result is thrown away.
   */
  readonly signal?: AbortSignal;
  /** Higher ones go first. @defaultValue 0 */
  readonly priority?: number;
  /** Time for the answer, in milliseconds: nothing is held back beyond it, and what waits longer fails with TIMEOUT. */
  readonly withinMs?: number;
}
