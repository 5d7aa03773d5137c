/** How often values fell into each of a few classes, as Prometheus counts them but not summed up. */
export interface Histogram {
  /** Upper bounds of the classes, inclusive; the last class, which has none, is not among them. */
  readonly bounds: readonly number[];
  /** Values in each class; one more than there are bounds. */
  readonly counts: readonly number[];
  /** Sum of all values. */
  readonly sum: number;
  /** Number of all values. */
  readonly count: number;
}

/** A histogram that grows. */
export interface HistogramRecorder {
  record(value: number): void;
  /** What was recorded so far. */
  read(): Histogram;
}

/** Bounds for milliseconds: 1, 2 and 5 of each decade, from a tenth of a millisecond to a minute. */
export const MS_BOUNDS: readonly number[] = [
  0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 60_000,
];

/** Bounds for numbers of requests. */
export const SIZE_BOUNDS: readonly number[] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

/** Begins an empty histogram. */
export function histogramRecorder(bounds: readonly number[]): HistogramRecorder {
  const counts = new Array<number>(bounds.length + 1).fill(0);
  let sum = 0;
  let count = 0;
  return {
    record(value) {
      const place = bounds.findIndex((bound) => value <= bound);
      const index = place < 0 ? bounds.length : place;
      counts[index] = (counts[index] ?? 0) + 1;
      sum += value;
      count += 1;
    },
    read: () => ({ bounds, counts: [...counts], sum, count }),
  };
}
