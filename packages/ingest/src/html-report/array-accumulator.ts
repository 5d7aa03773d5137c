import { gridLength, gridRange, gridTimes, type TimeGrid } from "@millrace/core";
import { SeriesAccumulator } from "./series-accumulator.ts";
import { TimeAxis } from "./time-buckets.ts";

const MAX_INTERVALS = 8;

/** A series that the report may show. */
export interface TrackedSeries {
  readonly resource: string;
  /** The label `__name__`. */
  readonly series: string;
  readonly element: string;
  readonly data: SeriesAccumulator;
}

/** Everything that is kept of one storage array. */
export class ArrayAccumulator {
  /** The label `SN`; empty where series carry none. */
  readonly serial: string;
  /** Samples of all its series, shown or not. */
  samples = 0;
  /** Time of the first sample; infinite while there is none. */
  firstMs: number = Number.POSITIVE_INFINITY;
  /** Time of the last sample; infinite while there is none. */
  lastMs: number = Number.NEGATIVE_INFINITY;
  /** Values of the label `scrape_interval`, seconds. */
  readonly intervals: Set<string> = new Set();
  /** Tracked series by a key of the caller. */
  readonly series: Map<string, TrackedSeries> = new Map();
  /** Shared by all series; undefined before the first sample of one. */
  axis: TimeAxis | undefined;
  readonly #capacity: number;

  constructor(serial: string, capacity: number) {
    this.serial = serial;
    this.#capacity = capacity;
  }

  /** Starts to track a series. */
  track(
    key: string,
    series: Omit<TrackedSeries, "data">,
    interval: string | undefined,
  ): TrackedSeries {
    const tracked = { ...series, data: new SeriesAccumulator(this.#capacity) };
    this.series.set(key, tracked);
    if (interval && this.intervals.size < MAX_INTERVALS) this.intervals.add(interval);
    return tracked;
  }

  /** Counts samples of any series. */
  note(grid: TimeGrid, samples: number): void {
    const { firstMs, lastMs } = gridRange(grid);
    this.samples += samples;
    this.firstMs = Math.min(this.firstMs, firstMs);
    this.lastMs = Math.max(this.lastMs, lastMs);
  }

  /** For each time of a grid, the slot of its bucket; makes the buckets coarser where they run out. */
  slotsOf(grid: TimeGrid): Uint32Array {
    const { firstMs, lastMs } = gridRange(grid);
    this.axis ??= new TimeAxis(this.#capacity, stepOf(grid), firstMs);
    const { axis } = this;
    const { first, last } = axis;
    const doublings = axis.cover(firstMs, lastMs);
    if (doublings > 0) {
      for (const { data } of this.series.values()) {
        data.buckets.fold(axis, first, last, doublings);
      }
    }
    const times = gridTimes(grid);
    const slots = new Uint32Array(gridLength(grid));
    for (let column = 0; column < slots.length; column++) {
      slots[column] = axis.slotOf(axis.bucketOf(times[column] as number));
    }
    return slots;
  }
}

function stepOf(grid: TimeGrid): number {
  if ("stepMs" in grid) return grid.stepMs;
  let step = 60_000;
  for (let i = 1; i < grid.timesMs.length; i++) {
    const distance = (grid.timesMs[i] as number) - (grid.timesMs[i - 1] as number);
    if (i === 1 || distance < step) step = distance;
  }
  return step;
}
