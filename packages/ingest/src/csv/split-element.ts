import type { SeriesBatch } from "@millrace/core";
import type { ElementRun } from "./table-layout.ts";
import { sameGrid } from "./time-text.ts";

/** An element whose series come in more than one batch: its cells are copied until all are there. */
export class SplitElement {
  readonly run: ElementRun;
  /** The first batch that brought cells; its values may be gone. */
  readonly batch: SeriesBatch;
  readonly values: Float64Array;
  /** 0 for cells without a sample, and for series that never came. */
  readonly present: Uint8Array;
  readonly #times: number;
  #next: number;

  /** @param times - length of the grid */
  constructor(run: ElementRun, batch: SeriesBatch, times: number) {
    this.run = run;
    this.batch = batch;
    this.values = new Float64Array(run.count * times);
    this.present = new Uint8Array(run.count * times);
    this.#times = times;
    this.#next = Math.max(run.first, batch.firstSeries);
  }

  /** Whether the batch goes on exactly where the last one ended. */
  continues(run: ElementRun, batch: SeriesBatch): boolean {
    return (
      run === this.run && sameGrid(batch.grid, this.batch.grid) && batch.firstSeries === this.#next
    );
  }

  /** Whether the last series has come. */
  get complete(): boolean {
    return this.#next >= this.run.first + this.run.count;
  }

  /** Copies the cells of the element that the batch holds. */
  take({ firstSeries, seriesCount, values, present }: SeriesBatch): void {
    const { first, count } = this.run;
    const to = Math.min(first + count, firstSeries + seriesCount);
    const source = (this.#next - firstSeries) * this.#times;
    const sourceEnd = (to - firstSeries) * this.#times;
    const target = (this.#next - first) * this.#times;
    this.values.set(values.subarray(source, sourceEnd), target);
    if (present === undefined) this.present.fill(1, target, target + sourceEnd - source);
    else this.present.set(present.subarray(source, sourceEnd), target);
    this.#next = to;
  }
}
