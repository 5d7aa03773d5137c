import type { Observable } from "rxjs";
import type { BatcherKnobs, SubmitOptions } from "./batcher-options.ts";
import type { BatcherStats } from "./batcher-stats.ts";

/** Gathers single items into batches. */
export interface Batcher<Item, Result> extends AsyncDisposable {
  /**
   * Has one item run, in a batch with others.
   *
   * @throws MillraceError OVERFLOW when too many wait, TIMEOUT when it was not launched in time, LIMIT_EXCEEDED when
   * it is larger than the budget of a batch, CLOSED after {@link Batcher.close}; the signal's reason when it
   * is aborted; what `run` says of the item
   */
  submit(item: Item, options?: SubmitOptions): Promise<Result>;
  /**
   * Changes knobs at once, for what waits, too.
   *
   * @throws MillraceError INVALID_OPTION, and then nothing is changed
   */
  update(knobs: BatcherKnobs): void;
  /** What it did so far, and what it has learnt. */
  stats(): BatcherStats;
  /** The same, on subscription and after each batch; completes when the batcher is closed. */
  readonly stats$: Observable<BatcherStats>;
  /** Takes no more items, and waits until all are answered. */
  close(): Promise<void>;
}
