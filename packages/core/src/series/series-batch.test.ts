import { describe, expect, it } from "vitest";
import { itemCount } from "../flow/origin.ts";
import { eachSeries, type SeriesBatch, sampleCount, seriesBatch } from "./series-batch.ts";

const batch: SeriesBatch = {
  table: {
    id: "t",
    labels: [{ __name__: "skipped" }, { __name__: "a" }, { __name__: "b" }],
    divisors: Float64Array.of(1, 10, 4),
  },
  firstSeries: 1,
  seriesCount: 2,
  grid: { startMs: 0, stepMs: 1_000, count: 3 },
  values: Int32Array.of(1, 2, 3, 4, 5, 6),
  present: Uint8Array.of(1, 1, 1, 1, 0, 1),
  origins: [{ origin: "file", count: 5 }],
};

describe("seriesBatch", () => {
  it("returns a batch that fits together, itself", () => {
    expect(seriesBatch(batch)).toBe(batch);
  });

  it.each<[string, Partial<SeriesBatch>, string]>([
    ["rows beyond the table", { firstSeries: 2 }, "series 2 to 4 of a table of 3"],
    ["a negative first row", { firstSeries: -1 }, "series -1 to 1 of a table of 3"],
    ["too few values", { values: Int32Array.of(1) }, "1 values for 2 series of 3 times"],
    ["a short mask", { present: Uint8Array.of(1) }, "a mask of 1 for 6 cells"],
    [
      "missing divisors",
      { table: { ...batch.table, divisors: Float64Array.of(1) } },
      "1 divisors for 3 series",
    ],
  ])("refuses %s", (_, change, complaint) => {
    expect(() => seriesBatch({ ...batch, ...change })).toThrow(
      expect.objectContaining({
        code: "INVALID_OPTION",
        message: `A series batch does not fit together: ${complaint}.`,
      }),
    );
  });
});

describe("sampleCount", () => {
  it("counts the cells that are present", () => {
    expect(sampleCount(batch)).toBe(5);
    const { present: _, ...full } = batch;
    expect(sampleCount(full)).toBe(6);
    expect(itemCount(batch)).toBe(5);
  });
});

describe("eachSeries", () => {
  it("walks labels, times and divided values, and leaves gaps out", () => {
    expect([...eachSeries(batch)]).toEqual([
      {
        labels: { __name__: "a" },
        timesMs: Float64Array.of(0, 1_000, 2_000),
        values: Float64Array.of(0.1, 0.2, 0.3),
      },
      {
        labels: { __name__: "b" },
        timesMs: Float64Array.of(0, 2_000),
        values: Float64Array.of(1, 1.5),
      },
    ]);
  });

  it("works without mask and divisors, on an explicit grid", () => {
    const plain = seriesBatch({
      table: { id: "u", labels: [{ __name__: "a" }] },
      firstSeries: 0,
      seriesCount: 1,
      grid: { timesMs: Float64Array.of(7, 9) },
      values: Float64Array.of(0.5, -1),
      origins: [],
    });
    expect([...eachSeries(plain)]).toEqual([
      {
        labels: { __name__: "a" },
        timesMs: Float64Array.of(7, 9),
        values: Float64Array.of(0.5, -1),
      },
    ]);
  });
});
