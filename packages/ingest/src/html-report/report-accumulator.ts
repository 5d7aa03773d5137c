import { gridLength, gridRange, type SeriesBatch, type SeriesTable } from "@millrace/core";
import { ArrayAccumulator } from "./array-accumulator.ts";
import type { ResourceCharts } from "./charts.ts";
import type { SeriesAccumulator } from "./series-accumulator.ts";

const MAX_ARRAYS = 64;
const MAX_PLANS = 256;
const MAX_DROPPED = 100_000;

/** Neighbouring rows of a table that belong to one array, and those of them that are tracked. */
interface Span {
  readonly array: ArrayAccumulator;
  readonly from: number;
  to: number;
  readonly rows: number[];
  readonly series: SeriesAccumulator[];
}

/** How far a {@link ReportAccumulator} may grow. */
export interface AccumulatorLimits {
  /** Series to track at most, over all arrays. */
  readonly maxSeries: number;
  /** Time buckets a series. */
  readonly timeBuckets: number;
}

/**
 * Takes in series batches in any order and keeps, of the series that a report may show, what it
 * needs. Which rows of a table these are is decided once a table, so all others cost nothing.
 */
export class ReportAccumulator {
  /** By serial number; at most 64. */
  readonly arrays: Map<string, ArrayAccumulator> = new Map();
  /** Samples of these arrays, shown or not. */
  samples = 0;
  /** Series that are tracked. */
  trackedSeries = 0;
  readonly #limits: AccumulatorLimits;
  readonly #wanted = new Map<string, Set<string>>();
  readonly #dropped = new Set<number>();
  readonly #plans = new WeakMap<SeriesTable, readonly Span[]>();
  // A table that crossed a thread is a new object each time, its id is not.
  readonly #plansById = new Map<string, readonly Span[]>();

  constructor(charts: readonly ResourceCharts[], limits: AccumulatorLimits) {
    this.#limits = limits;
    for (const { resource, panels } of charts) {
      for (const { series } of panels.flatMap((panel) => panel.candidates)) {
        const resources = this.#wanted.get(series) ?? new Set();
        this.#wanted.set(series, resources.add(resource));
      }
    }
  }

  /** Series that would have been tracked but for the limit; counts no further than 100,000. */
  get droppedSeries(): number {
    return this.#dropped.size;
  }

  /** Takes in a batch; keeps no reference to it. */
  add(batch: SeriesBatch): void {
    const { table, firstSeries, values, present, grid } = batch;
    const columns = gridLength(grid);
    const { firstMs, lastMs } = gridRange(grid);
    if (columns === 0 || !Number.isFinite(lastMs - firstMs)) return;
    const end = firstSeries + batch.seriesCount;
    const base = firstSeries * columns;
    for (const span of this.#planOf(table)) {
      const from = Math.max(span.from, firstSeries);
      const to = Math.min(span.to, end);
      if (from >= to) continue;
      const samples = presentIn(present, from * columns - base, to * columns - base);
      if (samples === 0) continue;
      this.samples += samples;
      span.array.note(grid, samples);
      let slots: Uint32Array | undefined;
      for (let i = 0; i < span.rows.length; i++) {
        const row = span.rows[i] as number;
        if (row < from) continue;
        if (row >= to) break;
        slots ??= span.array.slotsOf(grid);
        const divisor = table.divisors?.[row] ?? 1;
        const series = span.series[i] as SeriesAccumulator;
        series.add(values, row * columns - base, divisor, present, slots);
      }
    }
  }

  #planOf(table: SeriesTable): readonly Span[] {
    let plan = this.#plans.get(table);
    if (plan !== undefined) return plan;
    plan = this.#plansById.get(table.id) ?? this.#makePlan(table);
    this.#plans.set(table, plan);
    this.#plansById.set(table.id, plan);
    if (this.#plansById.size > MAX_PLANS) {
      this.#plansById.delete(this.#plansById.keys().next().value as string);
    }
    return plan;
  }

  #makePlan(table: SeriesTable): readonly Span[] {
    const spans: Span[] = [];
    for (let row = 0; row < table.labels.length; row++) {
      const labels = table.labels[row] ?? {};
      const { __name__: series = "", Resource: resource = "", Element: element = "" } = labels;
      const { SN: serial = "", scrape_interval: interval } = labels;
      const wanted = this.#wanted.get(series)?.has(resource) ?? false;
      const array = this.#arrayOf(serial);
      const key = wanted ? JSON.stringify([resource, series, element]) : "";
      if (array === undefined) {
        if (wanted) this.#drop(serial + key);
        continue;
      }
      let span = spans.at(-1);
      if (span?.array !== array || span.to !== row) {
        span = { array, from: row, to: row, rows: [], series: [] };
        spans.push(span);
      }
      span.to = row + 1;
      if (!wanted) continue;
      let tracked = array.series.get(key);
      if (tracked === undefined) {
        if (this.trackedSeries >= this.#limits.maxSeries) {
          this.#drop(serial + key);
          continue;
        }
        tracked = array.track(key, { resource, series, element }, interval);
        this.trackedSeries += 1;
      }
      span.rows.push(row);
      span.series.push(tracked.data);
    }
    return spans;
  }

  #arrayOf(serial: string): ArrayAccumulator | undefined {
    let array = this.arrays.get(serial);
    if (array === undefined && this.arrays.size < MAX_ARRAYS) {
      array = new ArrayAccumulator(serial, this.#limits.timeBuckets);
      this.arrays.set(serial, array);
    }
    return array;
  }

  #drop(key: string): void {
    if (this.#dropped.size < MAX_DROPPED) this.#dropped.add(hashOf(key));
  }
}

function presentIn(present: Uint8Array | undefined, from: number, to: number): number {
  if (present === undefined) return to - from;
  let count = 0;
  for (let cell = from; cell < to; cell++) count += present[cell] === 0 ? 0 : 1;
  return count;
}

/** FNV-1a: the dropped series are counted by hash, so that counting them needs little memory. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}
