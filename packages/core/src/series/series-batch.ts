import { MillraceError } from "../errors.ts";
import type { Originated } from "../flow/origin.ts";
import { gridLength, gridTimes, type TimeGrid } from "./time-grid.ts";

/** A series' labels, `__name__` included. Empty values equal absent labels, as in Prometheus. */
export type Labels = Readonly<Record<string, string>>;

/**
 * Series that keep coming back together: a sink encodes their labels once and recognises them by
 * identity, or by `id` after a transfer to another thread.
 */
export interface SeriesTable {
  /** Equal ids mean equal contents. */
  readonly id: string;
  /** One entry a series. */
  readonly labels: readonly Labels[];
  /** One divisor a series: value = raw / divisor. Absent where all are 1. */
  readonly divisors?: Float64Array;
}

/**
 * Samples of many series over one grid of times: the currency of every metrics flow.
 *
 * It is what archives really hold, transposed once: a matrix with one row a series, so that a series'
 * samples lie side by side. Immutable from the moment it is delivered.
 */
export interface SeriesBatch extends Originated {
  readonly table: SeriesTable;
  /** Index in `table` of the first matrix row; rows are consecutive series of the table. */
  readonly firstSeries: number;
  /** Matrix rows. */
  readonly seriesCount: number;
  /** Matrix columns. */
  readonly grid: TimeGrid;
  /** Raw values, series-major: row `s`, column `t` at `s * gridLength(grid) + t`. */
  readonly values: Int32Array | Float64Array;
  /** One byte a cell, 0 where there is no sample. Absent where every cell holds one. */
  readonly present?: Uint8Array;
  /**
   * Frees `values` now instead of at some garbage collection, which halves the work of a fast flow. A
   * sink calls it when it has copied what it needs; whoever does not care need not. Afterwards `values`
   * is empty, so a stage that sends the same values on twice must leave this out of its batches.
   */
  release?(): void;
}

/**
 * Checks the shapes of a hand-made batch and returns it.
 *
 * @throws MillraceError INVALID_OPTION when matrix, mask, table and grid do not fit together
 * @example
 * ```ts
 * import { seriesBatch } from "@millrace/core";
 *
 * const batch = seriesBatch({
 *   table: { id: "room", labels: [{ __name__: "temperature_celsius", room: "1" }] },
 *   firstSeries: 0,
 *   seriesCount: 1,
 *   grid: { startMs: 0, stepMs: 60_000, count: 3 },
 *   values: Float64Array.of(20.5, 20.7, 21),
 *   origins: [{ origin: "by hand", count: 3 }],
 * });
 * ```
 */
export function seriesBatch(batch: SeriesBatch): SeriesBatch {
  const { table, firstSeries, seriesCount, values, present } = batch;
  const cells = seriesCount * gridLength(batch.grid);
  const complaint =
    firstSeries < 0 || firstSeries + seriesCount > table.labels.length
      ? `series ${firstSeries} to ${firstSeries + seriesCount} of a table of ${table.labels.length}`
      : values.length !== cells
        ? `${values.length} values for ${seriesCount} series of ${gridLength(batch.grid)} times`
        : present !== undefined && present.length !== cells
          ? `a mask of ${present.length} for ${cells} cells`
          : table.divisors !== undefined && table.divisors.length !== table.labels.length
            ? `${table.divisors.length} divisors for ${table.labels.length} series`
            : undefined;
  if (complaint === undefined) return batch;
  throw new MillraceError("INVALID_OPTION", `A series batch does not fit together: ${complaint}.`);
}

/** Samples in a batch: cells that are present. */
export function sampleCount(batch: SeriesBatch): number {
  if (batch.present === undefined) return batch.values.length;
  let count = 0;
  for (const flag of batch.present) count += flag === 0 ? 0 : 1;
  return count;
}

/** One series of a batch as plain arrays. */
export interface SeriesSamples {
  readonly labels: Labels;
  /** Unix milliseconds. */
  readonly timesMs: Float64Array;
  /** Values after division. */
  readonly values: Float64Array;
}

/**
 * Walks a batch series by series, as plain arrays. Made for tests, reports and small sinks: it copies.
 */
export function* eachSeries(batch: SeriesBatch): Generator<SeriesSamples> {
  const times = gridTimes(batch.grid);
  const { table, firstSeries, seriesCount, values, present } = batch;
  for (let row = 0; row < seriesCount; row++) {
    const offset = row * times.length;
    const divisor = table.divisors?.[firstSeries + row] ?? 1;
    const keep: number[] = [];
    for (let t = 0; t < times.length; t++) if (present?.[offset + t] !== 0) keep.push(t);
    yield {
      labels: table.labels[firstSeries + row] as Labels,
      timesMs: Float64Array.from(keep, (t) => times[t] as number),
      values: Float64Array.from(keep, (t) => (values[offset + t] as number) / divisor),
    };
  }
}
