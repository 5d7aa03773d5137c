import { type Labels, type SeriesBatch, seriesBatch } from "@millrace/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeAll } from "../../test/encode-all.ts";
import { expositionSamples } from "../../test/parse-exposition.ts";
import { anyBatch, plainBatch, samplesOf } from "../../test/samples.ts";
import { prometheusText } from "./prometheus-text.ts";

function batchOf(labels: Labels): SeriesBatch {
  return seriesBatch({
    table: { id: "t", labels: [labels] },
    firstSeries: 0,
    seriesCount: 1,
    grid: { startMs: 1_000, stepMs: 1, count: 2 },
    values: Float64Array.of(1.5, -2e-9),
    origins: [],
  });
}

describe("prometheusText", () => {
  it("holds exactly the samples of its batches, in bodies of any size", () => {
    fc.assert(
      fc.property(
        fc.array(anyBatch(), { maxLength: 4 }),
        fc.integer({ min: 400, max: 4_000 }),
        (batches, size) => {
          const { bodies, samples, dropped } = encodeAll(prometheusText(), batches, size);
          const texts = bodies.map((body) =>
            new TextDecoder("utf-8", { fatal: true }).decode(body),
          );
          const expected = samplesOf(batches);
          expect(expositionSamples(texts.join(""))).toEqual(expected.texts);
          expect(dropped).toBe(expected.dropped);
          expect(bodies.every((body) => body.length <= size)).toBe(true);
          expect(texts.map((text) => text.split("\n").length - 1)).toEqual(samples);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("escapes backslash, quote and newline, and leaves empty labels out", () => {
    const labels = { __name__: "a.b-c", path: 'C:\\x "y"\nz', none: "", größe: "é中" };
    const { bodies } = encodeAll(prometheusText(), [batchOf(labels)], 400);
    expect(Buffer.concat(bodies).toString()).toBe(
      'a.b-c{path="C:\\\\x \\"y\\"\\nz",größe="é中"} 1.5 1000\n' +
        'a.b-c{path="C:\\\\x \\"y\\"\\nz",größe="é中"} -2e-9 1001\n',
    );
  });

  it.each<[string, Labels]>([
    ["", { job: "no name" }],
    ["#comment", { __name__: "#comment" }],
    ["a{b", { __name__: "a{b" }],
    ["a\nb", { __name__: "a\nb" }],
    [" a", { __name__: " a" }],
    ["a=b", { __name__: "a", "a=b": "c" }],
    ['a"', { __name__: "a", 'a"': "c" }],
  ])("refuses the name %j, which the format cannot hold", (name, labels) => {
    expect(() => encodeAll(prometheusText(), [batchOf(labels)], 400)).toThrow(
      expect.objectContaining({
        code: "SINK_REJECTED",
        message: expect.stringContaining(`cannot hold the name ${JSON.stringify(name)}`),
      }),
    );
  });

  it("refuses labels that are larger than a body", () => {
    expect(() => encodeAll(prometheusText(), [plainBatch("n".repeat(500), 2)], 400)).toThrow(
      expect.objectContaining({ code: "LIMIT_EXCEEDED" }),
    );
  });
});
