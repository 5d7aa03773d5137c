import { describe, expect, it } from "vitest";
import { chartCsv } from "./chart-csv.ts";
import { type AnsweredQuery, columnsOf, linesOf, panelsOf } from "./chart-lines.ts";

describe("the lines of a chart", () => {
  it("get a color and dash of their own", () => {
    const lines = linesOf([
      answered("IO/s", [0], "a", "b", "c", "d", "e"),
      answered("ms", [0], "a", "b", "c", "d"),
    ]);
    const looks = lines.map(({ colorIndex, dash }) => `${colorIndex} ${dash}`);
    expect(new Set(looks).size).toBe(9);
    expect(new Set(lines.map(({ key }) => key)).size).toBe(9);
  });

  it("share a drawing two units at a time", () => {
    const lines = linesOf([
      answered("IO/s", [0], "a"),
      answered("ms", [0], "a"),
      answered("%", [0], "a"),
      answered("IO/s", [0], "b"),
    ]);
    const panels = panelsOf(lines);
    expect(panels.map(({ units }) => units)).toEqual([["IO/s", "ms"], ["%"]]);
    expect(panels.map((panel) => panel.lines.length)).toEqual([3, 1]);
  });

  it("come onto one grid of times, gaps staying gaps", () => {
    const lines = linesOf([answered("ms", [0, 10, 20], "a"), answered("ms", [0, 20, 40], "b")]);
    const gap = { ...lines[0]?.series, values: [1, null, 3] } as (typeof lines)[number]["series"];
    const [first, second] = lines;
    if (first === undefined || second === undefined) throw new Error("two lines are needed");
    expect(columnsOf([{ ...first, series: gap }, second])).toEqual([
      [0, 10, 20, 40],
      [1, null, 3, undefined],
      [0, undefined, 1, 2],
    ]);
  });

  it("are saved with their times in UTC and names in quotes", () => {
    const lines = linesOf([answered("ms", [0, 60_000], 'disk "a", b')]);
    expect(chartCsv(lines)).toBe(
      'time,"LUN disk ""a"", b Latency"\r\n1970-01-01T00:00:00.000Z,0\r\n1970-01-01T00:01:00.000Z,1\r\n',
    );
  });
});

/** Values count up from 0. */
function answered(unit: string, timesMs: readonly number[], ...elements: string[]): AnsweredQuery {
  const series = elements.map((element) => ({
    ...{ element, min: 0, avg: 0, p95: 0, max: 0 },
    values: timesMs.map((_, index) => index),
  }));
  return {
    query: { resource: "LUN", metric: "m", elements },
    metric: { name: "m", title: "Latency", unit },
    answer: { stepMs: 60_000, timesMs, series },
  };
}
