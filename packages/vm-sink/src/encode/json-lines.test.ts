import { type SeriesBatch, seriesBatch } from "@millrace/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeAll } from "../../test/encode-all.ts";
import { anyBatch, plainBatch, samplesOf, sampleText } from "../../test/samples.ts";
import { jsonLines } from "./json-lines.ts";

/** What the database makes of a line, by the words of its documentation. */
interface Line {
  readonly metric: Record<string, string>;
  readonly values: readonly number[];
  readonly timestamps: readonly number[];
}

function linesOf(bodies: readonly Buffer[]): Line[] {
  return bodies
    .flatMap((body) => new TextDecoder("utf-8", { fatal: true }).decode(body).split("\n"))
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);
}

describe("jsonLines", () => {
  it("holds exactly the samples of its batches, in bodies of any size", () => {
    fc.assert(
      fc.property(
        fc.array(anyBatch(), { maxLength: 4 }),
        fc.integer({ min: 500, max: 4_000 }),
        (batches, size) => {
          const { bodies, samples, dropped } = encodeAll(jsonLines(), batches, size);
          const lines = linesOf(bodies);
          const texts = lines.flatMap(({ metric, values, timestamps }) => {
            expect(values.length).toBe(timestamps.length);
            return values.map((value, i) => sampleText(metric, timestamps[i] as number, value));
          });
          const expected = samplesOf(batches);
          expect(texts.sort()).toEqual(expected.texts);
          expect(dropped).toBe(expected.dropped);
          expect(bodies.every((body) => body.length <= size && body.at(-1) === 0x0a)).toBe(true);
          expect(samples.reduce((a, b) => a + b, 0)).toBe(expected.texts.length);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("escapes what JSON must, and leaves empty labels out", () => {
    const labels = { __name__: "a.b-c", path: 'C:\\x "y"\nz', none: "", größe: "é\ud800" };
    const batch = seriesBatch({
      table: { id: "t", labels: [labels], divisors: Float64Array.of(10) },
      firstSeries: 0,
      seriesCount: 1,
      grid: { startMs: 1_000, stepMs: 1, count: 3 },
      values: Int32Array.of(15, -20, 0),
      origins: [],
    });
    const { bodies } = encodeAll(jsonLines(), [batch], 400);
    expect(Buffer.concat(bodies).toString()).toBe(
      '{"metric":{"__name__":"a.b-c","path":"C:\\\\x \\"y\\"\\nz","größe":"é\ufffd"},"values":[1.5,-2,0],"timestamps":[1000,1001,1002]}\n',
    );
  });

  it("puts no more than 10,000 samples on a line", () => {
    const batches: SeriesBatch[] = [plainBatch("long", 25_000)];
    const { bodies } = encodeAll(jsonLines(), batches, 2 ** 20);
    expect(linesOf(bodies).map(({ values }) => values.length)).toEqual([10_000, 10_000, 5_000]);
    expect(bodies).toHaveLength(1);
  });

  it("refuses labels that are larger than a body", () => {
    expect(() => encodeAll(jsonLines(), [plainBatch("n".repeat(500), 2)], 400)).toThrow(
      expect.objectContaining({ code: "LIMIT_EXCEEDED" }),
    );
  });
});
