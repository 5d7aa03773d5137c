import { eachSeries, type Labels, type SeriesBatch } from "@millrace/core";

/** A multiset of samples: series, time, value. Says how it differs from another, in words. */
export class SampleSet {
  readonly #counts = new Map<string, number>();
  #size = 0;

  /** Samples in it, repeated ones counted. */
  get size(): number {
    return this.#size;
  }

  /** Distinct series. */
  get series(): ReadonlySet<string> {
    return new Set([...this.#counts.keys()].map((key) => key.slice(0, key.lastIndexOf("} ") + 1)));
  }

  /** Samples of one series. */
  add(labels: Labels, timesMs: Iterable<number>, values: ArrayLike<number>): void {
    const series = seriesKey(labels);
    let i = 0;
    for (const timeMs of timesMs) {
      const key = `${series} ${timeMs} ${values[i++]}`;
      this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
      this.#size += 1;
    }
  }

  /** All samples of another set. */
  addAll(other: SampleSet): void {
    for (const [key, count] of other.#counts) {
      this.#counts.set(key, (this.#counts.get(key) ?? 0) + count);
    }
    this.#size += other.#size;
  }

  /** Samples of the other that this lacks; the first few of them. */
  lacks(other: SampleSet, most = 5): readonly string[] {
    const lacking: string[] = [];
    for (const [key, count] of other.#counts) {
      const short = count - (this.#counts.get(key) ?? 0);
      if (short > 0) lacking.push(`${short} x ${key}`);
      if (lacking.length >= most) break;
    }
    return lacking;
  }
}

/** The samples of batches, origin by origin. */
export class SamplesByOrigin {
  readonly #sets = new Map<string, SampleSet>();

  /** All origins that delivered something. */
  get origins(): readonly string[] {
    return [...this.#sets.keys()];
  }

  /** What came from one origin. */
  of(origin: string): SampleSet {
    let set = this.#sets.get(origin);
    if (set === undefined) {
      set = new SampleSet();
      this.#sets.set(origin, set);
    }
    return set;
  }

  add(batch: SeriesBatch): void {
    for (const { labels, timesMs, values } of eachSeries(batch)) {
      for (const { origin, firstRow = 0, rowCount = timesMs.length } of batch.origins) {
        const to = firstRow + rowCount;
        this.of(origin).add(labels, timesMs.subarray(firstRow, to), values.subarray(firstRow, to));
      }
    }
  }
}

const keys = new WeakMap<Labels, string>();

/** Labels as one text, whatever their order. */
function seriesKey(labels: Labels): string {
  let key = keys.get(labels);
  if (key === undefined) {
    const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
    key = JSON.stringify(Object.fromEntries(sorted));
    keys.set(labels, key);
  }
  return key;
}
