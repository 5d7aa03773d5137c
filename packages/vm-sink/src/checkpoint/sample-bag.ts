import type { Labels, SeriesSamples } from "@millrace/core";

/** Times and values side by side, in any order, with repetitions. */
interface Samples {
  readonly timesMs: number[];
  readonly values: number[];
}

/** Samples by series as a multiset: how many copies of which sample. */
export class SampleBag {
  readonly #series = new Map<string, Samples>();

  get isEmpty(): boolean {
    return this.#series.size === 0;
  }

  addAll(labels: Labels, timesMs: ArrayLike<number>, values: ArrayLike<number>): void {
    const key = seriesText(labels);
    const samples = this.#series.get(key) ?? { timesMs: [], values: [] };
    for (let i = 0; i < timesMs.length; i++) {
      samples.timesMs.push(timesMs[i] as number);
      samples.values.push(values[i] as number);
    }
    this.#series.set(key, samples);
  }

  /** What this bag holds of one series, as values by time; the caller may take it apart. */
  valuesByTime(labels: Labels): Map<number, number[]> {
    const byTime = new Map<number, number[]>();
    const samples = this.#series.get(seriesText(labels));
    samples?.timesMs.forEach((timeMs, i) => {
      const values = byTime.get(timeMs);
      const value = samples.values[i] as number;
      if (values === undefined) byTime.set(timeMs, [value]);
      else values.push(value);
    });
    return byTime;
  }
}

/**
 * The samples of `wanted` that are not among `stored`, each copy counted, where the copies of `others`
 * among the stored ones belong to somebody else. Undefined when none is missing.
 *
 * @param storedLabels - what the series is called among the stored ones
 */
export function missingSamples(
  wanted: SeriesSamples,
  stored: SampleBag,
  others: SampleBag,
  storedLabels: Labels = wanted.labels,
): SeriesSamples | undefined {
  const { labels, timesMs, values } = wanted;
  const available = stored.valuesByTime(storedLabels);
  if (!others.isEmpty) {
    for (const [timeMs, taken] of others.valuesByTime(labels)) {
      for (const value of taken) take(available, timeMs, value);
    }
  }
  const missing: number[] = [];
  timesMs.forEach((timeMs, i) => {
    if (!take(available, timeMs, values[i] as number)) missing.push(i);
  });
  if (missing.length === 0) return undefined;
  return {
    labels,
    timesMs: Float64Array.from(missing, (i) => timesMs[i] as number),
    values: Float64Array.from(missing, (i) => values[i] as number),
  };
}

/** Takes one copy of a sample out, if there is one. */
function take(byTime: Map<number, number[]>, timeMs: number, value: number): boolean {
  const values = byTime.get(timeMs);
  if (values === undefined) return false;
  const at = values.findIndex((other) => isSame(other, value));
  if (at < 0) return false;
  values.splice(at, 1);
  return true;
}

/** VictoriaMetrics keeps decimals of up to 18 digits, so the last bits of a double may come back changed. */
const TOLERANCE = 1e-13;

function isSame(a: number, b: number): boolean {
  return a === b || Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b));
}

/** Equal for equal labels in any order; an empty label is none, and half a character travels as U+FFFD. */
function seriesText(labels: Labels): string {
  const pairs = Object.entries(labels)
    .filter(([, value]) => value !== "")
    .map(([name, value]) => [name.toWellFormed(), value.toWellFormed()] as const);
  return JSON.stringify(pairs.sort(([a], [b]) => (a < b ? -1 : 1)));
}
