/** Equally spaced times. */
export interface RegularGrid {
  /** First time, Unix milliseconds. */
  readonly startMs: number;
  /** Distance between two times, above 0. */
  readonly stepMs: number;
  /** Number of times. */
  readonly count: number;
}

/** Times with gaps. */
export interface ExplicitGrid {
  /** Unix milliseconds, ascending. */
  readonly timesMs: Float64Array;
}

/** The times that all series of a batch share. */
export type TimeGrid = RegularGrid | ExplicitGrid;

/** Number of times on a grid. */
export function gridLength(grid: TimeGrid): number {
  return "timesMs" in grid ? grid.timesMs.length : grid.count;
}

/** The times of a grid, Unix milliseconds; a new array for a regular grid. */
export function gridTimes(grid: TimeGrid): Float64Array {
  if ("timesMs" in grid) return grid.timesMs;
  return Float64Array.from({ length: grid.count }, (_, i) => grid.startMs + i * grid.stepMs);
}

/** First and last time of a grid that is not empty. */
export function gridRange(grid: TimeGrid): { readonly firstMs: number; readonly lastMs: number } {
  if ("timesMs" in grid) {
    return { firstMs: grid.timesMs[0] ?? Number.NaN, lastMs: grid.timesMs.at(-1) ?? Number.NaN };
  }
  return { firstMs: grid.startMs, lastMs: grid.startMs + (grid.count - 1) * grid.stepMs };
}
