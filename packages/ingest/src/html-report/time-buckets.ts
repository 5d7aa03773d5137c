/**
 * A fixed number of equal time buckets that covers any range: when the range outgrows them, every
 * two neighbours become one.
 *
 * Where a bucket begins does not depend on the order in which times arrive. All series of an array
 * share one axis, so a time is looked up once and not once a series.
 */
export class TimeAxis {
  /** Number of buckets. */
  readonly capacity: number;
  /** Width of one bucket in milliseconds: the first width times a power of two. */
  widthMs: number;
  /** Number of the first bucket in use, counted from `phaseMs`. */
  first = 0;
  /** Number of the last bucket in use; below `first` while there is none. */
  last = -1;
  readonly #phaseMs: number;

  /**
   * @param capacity - number of buckets
   * @param widthMs - first width: the distance of two samples
   * @param phaseMs - a time at which a bucket begins, so that regular samples lie at bucket starts
   */
  constructor(capacity: number, widthMs: number, phaseMs: number) {
    this.capacity = capacity;
    this.widthMs = Number.isFinite(widthMs) ? Math.max(1, widthMs) : 1;
    this.#phaseMs = phaseMs % this.widthMs;
  }

  /**
   * Makes room for the times from `firstMs` to `lastMs`.
   *
   * @returns how often the width was doubled; above 0, every {@link TimeBuckets} has to be folded
   */
  cover(firstMs: number, lastMs: number): number {
    const used = this.last >= this.first;
    let doublings = 0;
    for (;;) {
      const from = this.bucketOf(firstMs);
      const to = this.bucketOf(lastMs);
      const first = used ? Math.min(from, halved(this.first, doublings)) : from;
      const last = used ? Math.max(to, halved(this.last, doublings)) : to;
      if (last - first < this.capacity) {
        this.first = first;
        this.last = last;
        return doublings;
      }
      this.widthMs *= 2;
      doublings += 1;
    }
  }

  /** Number of the bucket that a time falls into. */
  bucketOf(timeMs: number): number {
    return Math.floor((timeMs - this.#phaseMs) / this.widthMs);
  }

  /** When a bucket begins, Unix milliseconds. */
  startOf(bucket: number): number {
    return bucket * this.widthMs + this.#phaseMs;
  }

  /** Where a bucket lies in the arrays of a {@link TimeBuckets}: they are rings. */
  slotOf(bucket: number): number {
    const rest = bucket % this.capacity;
    return rest < 0 ? rest + this.capacity : rest;
  }
}

/** What one series holds on a {@link TimeAxis}: 12 bytes a bucket. */
export class TimeBuckets {
  /** Samples by slot. */
  counts: Uint32Array;
  /** Sum of samples by slot. */
  sums: Float32Array;
  /** Greatest sample by slot; 0 where there is none. */
  peaks: Float32Array;

  constructor(capacity: number) {
    this.counts = new Uint32Array(capacity);
    this.sums = new Float32Array(capacity);
    this.peaks = new Float32Array(capacity);
  }

  /** Follows its axis after `doublings` doublings that began when `first` to `last` were in use. */
  fold(axis: TimeAxis, first: number, last: number, doublings: number): void {
    const { counts, sums, peaks } = this;
    const folded = new TimeBuckets(axis.capacity);
    for (let bucket = first; bucket <= last; bucket++) {
      const from = axis.slotOf(bucket);
      if (counts[from] === 0) continue;
      const to = axis.slotOf(halved(bucket, doublings));
      (folded.counts[to] as number) += counts[from] as number;
      (folded.sums[to] as number) += sums[from] as number;
      folded.peaks[to] = Math.max(folded.peaks[to] as number, peaks[from] as number);
    }
    this.counts = folded.counts;
    this.sums = folded.sums;
    this.peaks = folded.peaks;
  }
}

function halved(bucket: number, times: number): number {
  return Math.floor(bucket / 2 ** times);
}
