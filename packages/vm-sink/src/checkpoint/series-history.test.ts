import { type SeriesBatch, type SeriesTable, seriesBatch } from "@millrace/core";
import { describe, expect, it } from "vitest";
import { SeriesHistory } from "./series-history.ts";

const A: SeriesTable = { id: "A", labels: [{ __name__: "a" }, { __name__: "b" }] };
const B: SeriesTable = { id: "B", labels: [{ __name__: "b" }, { __name__: "c" }] };
const C: SeriesTable = { id: "C", labels: [{ __name__: "d" }] };

function batch(table: SeriesTable, startMs: number, firstSeries = 0, seriesCount = 1): SeriesBatch {
  const grid = { startMs, stepMs: 1, count: 10 };
  const values = new Int32Array(seriesCount * 10);
  return seriesBatch({ table, firstSeries, seriesCount, grid, values, origins: [] });
}

describe("SeriesHistory", () => {
  it.each<[string, readonly SeriesBatch[], boolean]>([
    ["the next times of a series", [batch(A, 0), batch(A, 10)], false],
    ["another series of the table at the same times", [batch(A, 0), batch(A, 0, 1)], false],
    ["a table without a common series", [batch(A, 0), batch(C, 0)], false],
    ["a table with a common series at other times", [batch(A, 0, 0, 2), batch(B, 10)], false],
    ["a table with a common series at the same times", [batch(A, 0, 0, 2), batch(B, 5)], true],
    ["the same times again", [batch(A, 0), batch(A, 9)], true],
    ["earlier times", [batch(A, 100), batch(A, 0)], true],
  ])("%s", (_what, batches, repeats) => {
    const history = new SeriesHistory();
    expect(batches.map((item) => history.repeats(item)).at(-1)).toBe(repeats);
  });
});
