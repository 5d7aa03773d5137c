import { QuantileSketch } from "./quantile-sketch.ts";
import { TimeBuckets } from "./time-buckets.ts";

/** What a table row of the report says about one series. */
export interface SeriesSummary {
  readonly count: number;
  readonly min: number;
  readonly mean: number;
  /** 95th percentile, within `SKETCH_RELATIVE_ERROR`. */
  readonly p95: number;
  readonly max: number;
}

/** Everything that is kept of one series; its size does not depend on the number of samples. */
export class SeriesAccumulator {
  /** Samples that were taken in. */
  count = 0;
  /** Samples below 0 or not finite: arrays write -1 for "not collected". */
  leftOut = 0;
  /** Values over time, on the axis of the array. */
  readonly buckets: TimeBuckets;
  readonly #sketch = new QuantileSketch();
  #sum = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = 0;
  #whole = true;

  constructor(capacity: number) {
    this.buckets = new TimeBuckets(capacity);
  }

  /**
   * Takes in one row of a batch.
   *
   * @param values - the batch's matrix
   * @param offset - where the row begins
   * @param divisor - value = raw / divisor
   * @param present - the batch's mask, where it has one
   * @param slots - for each column, the slot of its time bucket
   */
  add(
    values: Int32Array | Float64Array,
    offset: number,
    divisor: number,
    present: Uint8Array | undefined,
    slots: Uint32Array,
  ): void {
    const { counts, sums, peaks } = this.buckets;
    const sketch = this.#sketch;
    let count = 0;
    let sum = 0;
    let min = this.#min;
    let max = this.#max;
    let leftOut = 0;
    for (let column = 0; column < slots.length; column++) {
      if (present !== undefined && present[offset + column] === 0) continue;
      const value = (values[offset + column] as number) / divisor;
      if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) {
        leftOut += 1;
        continue;
      }
      count += 1;
      sum += value;
      if (value < min) min = value;
      if (value > max) max = value;
      sketch.add(value);
      const slot = slots[column] as number;
      (counts[slot] as number) += 1;
      (sums[slot] as number) += value;
      if (value > (peaks[slot] as number)) peaks[slot] = value;
    }
    this.count += count;
    this.leftOut += leftOut;
    this.#sum += sum;
    this.#min = min;
    this.#max = max;
    if (divisor !== 1 || !(values instanceof Int32Array)) this.#whole = false;
  }

  /** The figures so far; NaN where there was no sample. */
  summary(): SeriesSummary {
    if (this.count === 0) {
      return { count: 0, min: Number.NaN, mean: Number.NaN, p95: Number.NaN, max: Number.NaN };
    }
    const p95 = this.#sketch.quantile(0.95, this.#whole);
    return {
      count: this.count,
      min: this.#min,
      mean: this.#sum / this.count,
      p95: Math.min(this.#max, Math.max(this.#min, p95)),
      max: this.#max,
    };
  }
}
