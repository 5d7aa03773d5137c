import { fromItems, pipeline, type SeriesBatch, seriesBatch } from "@millrace/core";
import { memorySink } from "@millrace/core/testing";
import { describe, expect, it } from "vitest";
import { columnRules } from "../oceanstor/column-rules.ts";
import { columnTable } from "../oceanstor/column-table.ts";
import { seedNaming } from "../oceanstor/seed-naming.ts";
import { mapLabels } from "./map-labels.ts";

const table = { id: "t", labels: [{ __name__: "iops", Element: "a", SN: "1" }] };
const batch = (): SeriesBatch =>
  seriesBatch({
    table,
    firstSeries: 0,
    seriesCount: 1,
    grid: { startMs: 0, stepMs: 1000, count: 1 },
    values: Float64Array.of(1),
    origins: [{ origin: "o", count: 1 }],
  });
const through = (changes: Parameters<typeof mapLabels>[0]) =>
  pipeline(fromItems([batch(), batch()]), mapLabels(changes)).to(memorySink()).result;

describe("mapLabels", () => {
  it("renames and adds, and keeps tables the same from batch to batch", async () => {
    const [first, second] = await through({ add: { site: "x" }, rename: { Element: "element" } });
    expect(first?.table.labels).toEqual([{ __name__: "iops", element: "a", SN: "1", site: "x" }]);
    expect(first?.table).toBe(second?.table);
    expect(first?.table.id).not.toBe("t");
  });

  it("swaps names", async () => {
    const [first] = await through({ rename: { Element: "SN", SN: "Element" } });
    expect(first?.table.labels).toEqual([{ __name__: "iops", SN: "a", Element: "1" }]);
  });

  it.each([
    [{ add: { "a-b": "x" } }, /"a-b" cannot be the name of a label/],
    [{ add: { __name__: "x" } }, /"__name__" cannot be/],
    [{ rename: { __name__: "x" } }, /__name__ cannot be renamed/],
    [{ rename: { Element: "1" } }, /"1" cannot be the name/],
  ])("refuses %j", (changes, message) => {
    expect(() => mapLabels(changes as never)).toThrow(message);
  });

  it.each([{ add: { SN: "x" } }, { rename: { Element: "SN" } }])(
    "refuses two labels of one name: %j",
    async (changes) => {
      await expect(through(changes as never)).rejects.toThrow(/has a label "SN" already/);
    },
  );
});

describe("seedNaming", () => {
  it("is the way back from clean names, for every metric", () => {
    const rules = columnRules({ naming: "clean" });
    const metricIds = [...rules.tables.metricIds, 5_000_000];
    const map = [{ resourceId: 11, elements: ["a"], metricIds }];
    const identity = { serial: "1", intervalSeconds: 60, mapKey: "m" };
    const seed = columnTable(map, identity).table;
    const back = seedNaming()(columnTable(map, identity, rules).table);
    expect(back.labels).toEqual(seed.labels);
    expect(back.divisors).toEqual(seed.divisors);
  });
});
