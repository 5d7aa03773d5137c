import { eachSeries, type Labels, type SeriesBatch, seriesBatch } from "@millrace/core";
import fc from "fast-check";

/** Text with everything that a file format must quote or encode. */
export const awkwardText: fc.Arbitrary<string> = fc.string({
  unit: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(..."abcXYZ019 _-:") },
    { weight: 1, arbitrary: fc.constantFrom(...",;\"'\\\n\r\t{}=#", "é", "中", "🦀") },
  ),
  maxLength: 10,
});

/** What {@link anyBatches} may vary. */
export interface BatchesShape {
  /** Names of metrics; each table takes some of them. */
  readonly names: fc.Arbitrary<string>;
  readonly texts: fc.Arbitrary<string>;
  readonly startMs: fc.Arbitrary<number>;
  readonly stepMs: fc.Arbitrary<number>;
}

interface Spec {
  readonly series: readonly (readonly [resource: string, element: string, names: string[]])[];
  readonly serial: string;
  readonly startMs: number;
  readonly stepMs: number;
  readonly count: number;
  readonly joins: number;
  readonly perBatch: number;
  readonly skipped: number;
  readonly whole: boolean;
  readonly masked: boolean;
  readonly divided: boolean;
  readonly explicit: boolean;
  readonly seed: number;
}

/**
 * Flows as a join makes them: tables of elements with their metrics, one join after another, each in
 * batches of consecutive series; now and then one batch is missing, as if a stage had dropped it.
 */
export function anyBatches(shape: BatchesShape): fc.Arbitrary<SeriesBatch[]> {
  const spec: fc.Arbitrary<Spec> = fc.record({
    series: fc.array(
      fc.tuple(
        fc.oneof(fc.constantFrom("LUN", "Controller", "Snapshot LUN"), shape.texts),
        shape.texts,
        fc.array(shape.names, { minLength: 1, maxLength: 5 }),
      ),
      { minLength: 1, maxLength: 5 },
    ),
    serial: fc.oneof(fc.constantFrom("SN1", "SN2"), shape.texts),
    startMs: shape.startMs,
    stepMs: shape.stepMs,
    count: fc.integer({ min: 0, max: 12 }),
    joins: fc.integer({ min: 1, max: 2 }),
    perBatch: fc.integer({ min: 1, max: 9 }),
    skipped: fc.integer({ min: 0, max: 12 }),
    whole: fc.boolean(),
    masked: fc.boolean(),
    divided: fc.boolean(),
    explicit: fc.boolean(),
    seed: fc.integer(),
  });
  return fc.array(spec, { maxLength: 3 }).map((specs) => specs.flatMap(batchesOf));
}

function batchesOf(spec: Spec, index: number): SeriesBatch[] {
  const labels = spec.series.flatMap(([resource, element, names]) =>
    names.map(
      (name): Labels => ({
        __name__: name,
        Element: element,
        Resource: resource,
        SN: spec.serial,
        scrape_interval: "60",
      }),
    ),
  );
  const random = numbers(spec.seed);
  const divisors = labels.map(() => pick(DIVISORS, random));
  const table = {
    id: `table ${index}`,
    labels,
    ...(spec.divided ? { divisors: Float64Array.from(divisors) } : {}),
  };
  const batches: SeriesBatch[] = [];
  for (let join = 0; join < spec.joins; join++) {
    const { count, stepMs } = spec;
    const startMs = spec.startMs + join * count * stepMs;
    const grid = spec.explicit
      ? { timesMs: Float64Array.from({ length: count }, (_, i) => startMs + i * stepMs) }
      : { startMs, stepMs, count };
    for (let first = 0; first < labels.length; first += spec.perBatch) {
      const seriesCount = Math.min(spec.perBatch, labels.length - first);
      const cells = seriesCount * count;
      const raw = Array.from({ length: cells }, () =>
        spec.whole ? wholeNumber(random) : pick(FLOATS, random),
      );
      if (batches.length + 1 === spec.skipped) continue;
      batches.push(
        seriesBatch({
          table,
          firstSeries: first,
          seriesCount,
          grid,
          values: spec.whole ? Int32Array.from(raw) : Float64Array.from(raw),
          ...(spec.masked
            ? { present: Uint8Array.from({ length: cells }, () => (random() < 0.3 ? 0 : 1)) }
            : {}),
          origins: [{ origin: "generated", count: cells }],
        }),
      );
    }
  }
  return batches;
}

const DIVISORS = [1, 1, 10, 1000, 1_000_000, 1024, 1 / 1024, 0.3, -3, 0, Number.NaN];
const FLOATS = [
  ...[
    0,
    -0,
    1,
    -1,
    0.1,
    1 / 3,
    120.5625,
    1e-7,
    5e-324,
    1.7976931348623157e308,
    2 ** 53,
    -(2 ** 53),
  ],
  ...[1e15 + 0.3, 1e21, 999_999_999, 1e9, 1e10 + 1, Number.NaN, Infinity, -Infinity],
];

function wholeNumber(random: () => number): number {
  const value = Math.trunc((random() - 0.5) * 2 ** 32);
  return random() < 0.1
    ? pick([-(2 ** 31), 2 ** 31 - 1, 0, -1, -10, 1000], random)
    : value >> (random() * 32);
}

function pick<T>(from: readonly T[], random: () => number): T {
  return from[Math.floor(random() * from.length)] as T;
}

/** A small generator, so that the many cells of a batch need not be shrunk one by one. */
function numbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return ((state ^ (state >>> 15)) >>> 0) / 2 ** 32;
  };
}

/** One sample as text: what all formats must keep of it. */
export function sampleText(labels: Labels, timeMs: number, value: number): string {
  const { __name__ = "", Element = "", Resource = "", SN = "", scrape_interval = "" } = labels;
  return JSON.stringify([Resource, __name__, Element, SN, scrape_interval, timeMs, value]);
}

/** Every sample of the batches that is a number, sorted; and how many are none. */
export function samplesOf(batches: Iterable<SeriesBatch>): { texts: string[]; dropped: number } {
  const texts: string[] = [];
  let dropped = 0;
  for (const batch of batches) {
    for (const { labels, timesMs, values } of eachSeries(batch)) {
      for (const [i, value] of values.entries()) {
        if (Number.isFinite(value)) texts.push(sampleText(labels, timesMs[i] as number, value));
        else dropped += 1;
      }
    }
  }
  return { texts: texts.sort(), dropped };
}
