import type { SeriesBatch, SeriesSamples } from "@millrace/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeAll } from "../../test/encode-all.ts";
import { anyBatch, samplesOf, sampleText } from "../../test/samples.ts";
import type { BodyFormat } from "./body-format.ts";
import { jsonLines } from "./json-lines.ts";
import { prometheusText } from "./prometheus-text.ts";
import { readJsonLines } from "./read-json-lines.ts";
import { readPrometheusText } from "./read-prometheus-text.ts";
import { readRemoteWrite } from "./read-remote-write.ts";
import { remoteWrite } from "./remote-write.ts";
import { seriesBodies } from "./series-bodies.ts";
import { SNAPPY_HEADER_BYTES } from "./snappy-literal.ts";

const FORMATS: readonly [
  BodyFormat["name"],
  () => BodyFormat,
  (body: Buffer) => readonly SeriesSamples[],
][] = [
  ["remote-write", remoteWrite, (body) => readRemoteWrite(body.subarray(SNAPPY_HEADER_BYTES))],
  ["json", jsonLines, (body) => readJsonLines(body.toString())],
  ["prometheus", prometheusText, (body) => readPrometheusText(body.toString())],
];

function texts(series: Iterable<SeriesSamples>): string[] {
  return Array.from(series).flatMap(({ labels, timesMs, values }) =>
    Array.from(timesMs, (timeMs, i) => sampleText(labels, timeMs, values[i] as number)),
  );
}

describe.each(FORMATS)("a body of %s", (_name, create, read) => {
  it("is read back into the samples that were written", () => {
    fc.assert(
      fc.property(
        fc.array(anyBatch(), { maxLength: 4 }),
        fc.integer({ min: 400, max: 4_000 }),
        (batches: readonly SeriesBatch[], size) => {
          const { bodies } = encodeAll(create(), batches, size);
          expect(bodies.flatMap((body) => texts(read(body))).sort()).toEqual(
            samplesOf(batches).texts,
          );
        },
      ),
      { numRuns: 200 },
    );
  });

  it("can be written again from what was read", () => {
    fc.assert(
      fc.property(anyBatch(), fc.integer({ min: 400, max: 4_000 }), (batch, size) => {
        const { bodies } = encodeAll(create(), [batch], 4_000);
        const series = bodies.flatMap((body) => read(body));
        const format = create();
        const again = Array.from(seriesBodies(series, format, size), (body) => {
          expect(body.end).toBeLessThanOrEqual(size);
          return texts(read(format.finish(body)));
        });
        expect(again.flat().sort()).toEqual(samplesOf([batch]).texts);
      }),
      { numRuns: 200 },
    );
  });
});
