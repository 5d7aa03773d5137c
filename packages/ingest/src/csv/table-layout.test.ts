import type { Labels } from "@millrace/core";
import { describe, expect, it } from "vitest";
import { tableLayout } from "./table-layout.ts";

function layoutOf(labels: readonly Labels[], divisors?: readonly number[]) {
  const table = { id: "t", labels, ...(divisors && { divisors: Float64Array.from(divisors) }) };
  return tableLayout(table, "display", () => {});
}
const series = (name: string, element: string, more: Labels = {}): Labels => ({
  __name__: name,
  Element: element,
  Resource: "LUN",
  SN: "S",
  ...more,
});

describe("tableLayout", () => {
  it("finds the runs of series that differ in the metric only", () => {
    const { runs, runOf } = layoutOf([
      series("a", "1"),
      series("b", "1"),
      series("a", "2"),
      series("a", "2", { port: "x" }),
      series("a", "1"),
    ]);
    expect(runs.map(({ first, count, element }) => [first, count, element])).toEqual([
      [0, 2, "1"],
      [2, 1, "2"],
      [3, 1, "2"],
      [4, 1, "1"],
    ]);
    expect([...runOf]).toEqual([0, 0, 1, 2, 3]);
  });

  it("gives neighbours with equal metrics one list", () => {
    const { runs } = layoutOf(["1", "2"].flatMap((e) => [series("a", e), series("b", e)]));
    expect(runs[0]?.headings).toEqual(["a", "b"]);
    expect(runs[1]?.headings).toBe(runs[0]?.headings);
  });

  it("names columns without commas, and equal ones apart", () => {
    const names = ["a,b", "a_b", "x", "x", "x (2)", "x", "huawei_usage_percent"];
    const { runs } = layoutOf(names.map((name) => series(name, "1")));
    const [{ headings } = { headings: [] }] = runs;
    expect(headings).toEqual(["a_b", "a_b (2)", "x", "x (3)", "x (2)", "x (4)", "Usage (%)"]);
  });

  it("takes many equal names in no time", () => {
    const { runs } = layoutOf(Array.from({ length: 100_000 }, () => series("x", "1")));
    expect(new Set(runs[0]?.headings).size).toBe(100_000);
  });

  it("knows how each divisor is written", () => {
    const labels = ["a", "b", "c"].map((name) => series(name, "1"));
    expect([...layoutOf(labels, [1, 1000, 1024]).places]).toEqual([0, 3, -1]);
    expect([...layoutOf(labels).places]).toEqual([0, 0, 0]);
  });

  it("takes a table without series", () => {
    expect(layoutOf([]).runs).toEqual([]);
  });
});
