import { gridTimes, type SeriesBatch } from "@millrace/core";

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
 * One series of a batch that may have holes, as plain lists. The road for batches with a mask or with
 * floating-point values; whole integer batches never come here.
 */
export function sparseSeries(batch: SeriesBatch, row: number): SparseSeries {
  const times = gridTimes(batch.grid);
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
  if (present !== undefined || !(values instanceof Int32Array)) return false;
  for (let row = 0; row < seriesCount; row++) {
    const divisor = table.divisors?.[firstSeries + row] ?? 1;
    if (!Number.isFinite(LARGEST_INT32 / divisor)) return false;
  }
  return true;
}

const LARGEST_INT32 = 2 ** 31;
