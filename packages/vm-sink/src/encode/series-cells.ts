import type { SeriesBatch } from "@millrace/core";

/** The samples of one series that a database can hold. */
export interface SparseSeries {
  /** Unix milliseconds. */
  readonly timesMs: readonly number[];
  /** After division. */
  readonly values: readonly number[];
  /** Samples that are NaN or infinite; a database would drop them without a word. */
  readonly dropped: number;
}

/**
 * One series of a batch that may have holes, as plain lists. The road for batches with a mask, or with
 * values that no database holds; whole batches never come here.
 *
 * @param times - of the batch's grid; all its series share them
 */
export function sparseSeries(batch: SeriesBatch, row: number, times: Float64Array): SparseSeries {
  const divisor = batch.table.divisors?.[batch.firstSeries + row] ?? 1;
  const offset = row * times.length;
  const timesMs: number[] = [];
  const values: number[] = [];
  let dropped = 0;
  for (let t = 0; t < times.length; t++) {
    if (batch.present?.[offset + t] === 0) continue;
    const value = (batch.values[offset + t] as number) / divisor;
    if (Number.isFinite(value)) {
      timesMs.push(times[t] as number);
      values.push(value);
    } else dropped += 1;
  }
  return { timesMs, values, dropped };
}

/** Whether every cell of the batch is a sample that a database can hold. */
export function isWhole(batch: SeriesBatch): boolean {
  const { present, values, table, firstSeries, seriesCount } = batch;
  if (present !== undefined) return false;
  const largest = values instanceof Int32Array ? LARGEST_INT32 : largestOf(values);
  for (let row = 0; row < seriesCount; row++) {
    const divisor = table.divisors?.[firstSeries + row] ?? 1;
    if (!Number.isFinite(largest / divisor)) return false;
  }
  return true;
}

/** The largest magnitude; NaN where one of the values is NaN. */
function largestOf(values: Float64Array): number {
  let largest = 0;
  for (let cell = 0; cell < values.length; cell++) {
    const magnitude = Math.abs(values[cell] as number);
    // Written so that NaN is kept, once it is there.
    if (!(magnitude <= largest)) largest = magnitude;
    if (Number.isNaN(largest)) return largest;
  }
  return largest;
}

const LARGEST_INT32 = 2 ** 31;
