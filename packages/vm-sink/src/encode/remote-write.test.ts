import { type SeriesBatch, seriesBatch } from "@millrace/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeWriteRequest, writtenSamples } from "../../test/decode-remote-write.ts";
import { encodeAll } from "../../test/encode-all.ts";
import { anyBatch, plainBatch, START_MS, samplesOf } from "../../test/samples.ts";
import { remoteWrite } from "./remote-write.ts";

const bodyBytes = fc.integer({ min: 600, max: 4_000 });

function batchAt(timesMs: readonly number[], values: SeriesBatch["values"]): SeriesBatch {
  return seriesBatch({
    table: { id: "t", labels: [{ __name__: "a" }] },
    firstSeries: 0,
    seriesCount: 1,
    grid: { timesMs: Float64Array.from(timesMs) },
    values,
    origins: [],
  });
}

describe("remoteWrite", () => {
  it("holds exactly the samples of its batches, in bodies of any size", () => {
    fc.assert(
      fc.property(fc.array(anyBatch(), { maxLength: 4 }), bodyBytes, (batches, size) => {
        const { bodies, samples, dropped } = encodeAll(remoteWrite(), batches, size);
        const expected = samplesOf(batches);
        expect(writtenSamples(bodies)).toEqual(expected.texts);
        expect(dropped).toBe(expected.dropped);
        expect(bodies.every((body) => body.length <= size)).toBe(true);
        expect(bodies.map((body) => writtenSamples([body]).length)).toEqual(samples);
      }),
      { numRuns: 300 },
    );
  });

  it("gives the same bytes for the same batches", () => {
    fc.assert(
      fc.property(fc.array(anyBatch(), { maxLength: 3 }), bodyBytes, (batches, size) => {
        const [first, second] = [1, 2].map(() => encodeAll(remoteWrite(), batches, size).bodies);
        expect(first).toEqual(second);
      }),
      { numRuns: 30 },
    );
  });

  it("sorts labels by the bytes of their names and leaves empty ones out", () => {
    fc.assert(
      fc.property(anyBatch(), (batch) => {
        for (const body of encodeAll(remoteWrite(), [batch], 4_000).bodies) {
          for (const { labels } of decodeWriteRequest(body)) {
            const names = labels.map(([name]) => Buffer.from(name));
            expect(names.toSorted(Buffer.compare)).toEqual(names);
            expect(labels.every(([, value]) => value !== "")).toBe(true);
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it("writes a series' labels once a body, and spreads a long series over full bodies", () => {
    const { bodies, samples } = encodeAll(remoteWrite(), [plainBatch("long", 1_000)], 1_000);
    const series = bodies.map(decodeWriteRequest);
    expect(series.every((list) => list.length === 1)).toBe(true);
    expect(new Set(samples.slice(0, -1)).size, "all but the last are equally full").toBe(1);
    expect(bodies.length).toBe(Math.ceil(1_000 / (samples[0] as number)));
    const values = series.flat().flatMap((one) => one.samples.map(({ value }) => value));
    expect(values, "in order").toEqual(Array.from({ length: 1_000 }, (_, i) => i));
  });

  it("keeps apart batches that share a table but not a grid, and the other way round", () => {
    const first = plainBatch("a", 5);
    const [later, denser, shorter] = [
      { ...first, grid: { startMs: START_MS + 1, stepMs: 1_000, count: 5 } },
      { ...first, grid: { startMs: START_MS + 1, stepMs: 7, count: 5 } },
      plainBatch("a", 4, START_MS + 1),
    ] as const;
    const explicit: SeriesBatch = {
      ...first,
      grid: { timesMs: Float64Array.of(1, 2, 3, 4, START_MS) },
    };
    const other: SeriesBatch = { ...first, grid: { timesMs: Float64Array.of(1, 2, 3, 4, 6) } };
    const renamed: SeriesBatch = { ...first, table: { id: "a", labels: [{ __name__: "b" }] } };
    const batches = [first, later, denser, shorter, explicit, other, renamed, first];
    const { bodies } = encodeAll(remoteWrite(), batches, 4_000);
    expect(writtenSamples(bodies)).toEqual(samplesOf(batches).texts);
  });

  it("counts what a database cannot hold, in integer batches too", () => {
    const base = batchAt([1, 2, 3], Float64Array.of(Number.NaN, 5, Number.NEGATIVE_INFINITY));
    expect(encodeAll(remoteWrite(), [base], 600)).toMatchObject({ samples: [1], dropped: 2 });
    const whole: SeriesBatch = {
      ...base,
      values: Int32Array.of(0, 1, -1),
      table: { ...base.table, divisors: Float64Array.of(0) },
    };
    expect(encodeAll(remoteWrite(), [whole], 600)).toMatchObject({ samples: [], dropped: 3 });
  });

  it.each([0, 1, 2 ** 42 - 1])("takes the time %d", (timeMs) => {
    for (const values of [Int32Array.of(1), Float64Array.of(1)]) {
      const { bodies } = encodeAll(remoteWrite(), [batchAt([timeMs], values)], 600);
      const decoded = bodies.flatMap(decodeWriteRequest);
      expect(decoded[0]?.samples[0]?.timeMs).toBe(timeMs);
    }
  });

  it.each([-1, 2 ** 42, 1e15, Number.NaN])("refuses the time %d", (timeMs) => {
    for (const values of [Int32Array.of(1), Float64Array.of(1)]) {
      expect(() => encodeAll(remoteWrite(), [batchAt([timeMs], values)], 600)).toThrow(
        expect.objectContaining({
          code: "SINK_REJECTED",
          message: `A sample has the time ${timeMs} ms, outside 1970 to 2109; the database would drop it. Are the times in milliseconds?`,
        }),
      );
    }
  });

  it("refuses labels that are larger than a body", () => {
    const batch = plainBatch("n".repeat(700), 2);
    expect(() => encodeAll(remoteWrite(), [batch], 600)).toThrow(
      expect.objectContaining({
        code: "LIMIT_EXCEEDED",
        message: expect.stringContaining("more than one request of 600 bytes holds"),
      }),
    );
  });

  it("says the headers of remote write 1.0", () => {
    const { path, headers } = remoteWrite();
    expect(path).toBe("/api/v1/write");
    expect(headers).toEqual({
      "content-type": "application/x-protobuf",
      "content-encoding": "snappy",
      "x-prometheus-remote-write-version": "0.1.0",
    });
  });
});
