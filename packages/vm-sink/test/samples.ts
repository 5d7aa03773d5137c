/** What a batch, a request body or a database holds, as lists of texts that can be compared. */
import { eachSeries, type Labels, type SeriesBatch, seriesBatch } from "@millrace/core";
import fc from "fast-check";

/** One sample as text: labels in the order of their names, empty ones left out, time and value. */
export function sampleText(labels: Labels, timeMs: number, value: number): string {
  const pairs = Object.entries(labels)
    .filter(([, text]) => text !== "")
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([pairs, timeMs, value]);
}

/** Every sample of the batches that a database can hold, sorted; and how many it cannot. */
export function samplesOf(batches: readonly SeriesBatch[]): { texts: string[]; dropped: number } {
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

/** A batch of one series named `name` with the values 0, 1, 2, … */
export function plainBatch(name: string, count: number, startMs = START_MS): SeriesBatch {
  return seriesBatch({
    table: { id: name, labels: [{ __name__: name, job: "test" }] },
    firstSeries: 0,
    seriesCount: 1,
    grid: { startMs, stepMs: 1_000, count },
    values: Int32Array.from({ length: count }, (_, i) => i),
    origins: [{ origin: name, count }],
  });
}

export const START_MS: number = Date.UTC(2019, 9, 20);

/** What {@link anyBatch} may vary. */
export interface BatchShape {
  readonly labels: fc.Arbitrary<Labels>;
  /** Floating-point values, before division. */
  readonly floats: fc.Arbitrary<number>;
  readonly divisors: fc.Arbitrary<number>;
  readonly startMs: fc.Arbitrary<number>;
}

/** Text with everything that formats must escape or encode. */
const awkwardText: fc.Arbitrary<string> = fc.string({
  unit: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(..."abcXYZ019 _-:") },
    {
      weight: 1,
      arbitrary: fc.constantFrom(..."\"\\\n\t{}=,#'", "é", "中", "\u{1F980}", "\u2028"),
    },
  ),
  maxLength: 10,
});
const plainName = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,7}$/);

/** Labels with a metric name; values of any kind, empty ones included. */
export const anyLabels: fc.Arbitrary<Labels> = fc
  .tuple(plainName, fc.dictionary(plainName, awkwardText, { maxKeys: 4 }))
  .map(([name, labels]) => ({ ...labels, __name__: name }));

const everyShape: BatchShape = {
  labels: anyLabels,
  floats: fc.oneof(
    { weight: 5, arbitrary: fc.double() },
    { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Infinity, -Infinity, -0, 5e-324) },
  ),
  divisors: fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(1, 10, 1000, 0.5, -3) },
    { weight: 1, arbitrary: fc.constantFrom(0, 1e-310, Number.NaN) },
  ),
  startMs: fc.integer({ min: 0, max: 2 ** 42 - 1e9 }),
};

/** A batch of any shape: part of its table, regular or explicit grid, integers or floats, mask, divisors. */
export function anyBatch(shape: BatchShape = everyShape): fc.Arbitrary<SeriesBatch> {
  const size = fc.record({
    before: fc.integer({ min: 0, max: 2 }),
    seriesCount: fc.integer({ min: 0, max: 5 }),
    after: fc.integer({ min: 0, max: 2 }),
    steps: fc.array(fc.integer({ min: 1, max: 1e6 }), { maxLength: 40 }),
    startMs: shape.startMs,
    regular: fc.boolean(),
    whole: fc.boolean(),
    masked: fc.boolean(),
    divided: fc.boolean(),
  });
  return size.chain((spec) => {
    const series = spec.before + spec.seriesCount + spec.after;
    const count = spec.steps.length;
    const cells = spec.seriesCount * count;
    const exactly = (length: number) => ({ minLength: length, maxLength: length });
    const value: fc.Arbitrary<number> = spec.whole
      ? fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
      : shape.floats;
    return fc
      .record({
        labels: fc.array(shape.labels, exactly(series)),
        values: fc.array(value, exactly(cells)),
        present: fc.array(fc.constantFrom(0, 1, 1), exactly(cells)),
        divisors: fc.array(shape.divisors, exactly(series)),
      })
      .map(({ labels, values, present, divisors }) => {
        let timeMs = spec.startMs;
        const timesMs = Float64Array.from(spec.steps, (step) => (timeMs += step));
        return seriesBatch({
          table: {
            id: `table-${series}`,
            labels,
            ...(spec.divided ? { divisors: Float64Array.from(divisors) } : {}),
          },
          firstSeries: spec.before,
          seriesCount: spec.seriesCount,
          grid: spec.regular
            ? { startMs: spec.startMs, stepMs: spec.steps[0] ?? 1, count }
            : { timesMs },
          values: spec.whole ? Int32Array.from(values) : Float64Array.from(values),
          ...(spec.masked ? { present: Uint8Array.from(present) } : {}),
          origins: [{ origin: "generated", count: cells }],
        });
      });
  });
}
