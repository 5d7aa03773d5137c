import { describe, expect, it } from "vitest";
import metrics from "../oceanstor/data/metrics.json" with { type: "json" };
import resources from "../oceanstor/data/resources.json" with { type: "json" };
import { seriesName } from "../oceanstor/series-name.ts";
import { storageCharts } from "./charts.ts";

describe("storageCharts", () => {
  it("names only series and resources that an archive can hold", () => {
    const series = new Set(metrics.map(({ name }) => seriesName(name)));
    const names = new Set(resources.map(({ name }) => name));
    const wanted = storageCharts.flatMap(({ panels }) =>
      panels.flatMap((panel) => panel.candidates),
    );
    expect(wanted.map((candidate) => candidate.series).filter((name) => !series.has(name))).toEqual(
      [],
    );
    expect(
      storageCharts.map(({ resource }) => resource).filter((name) => !names.has(name)),
    ).toEqual([]);
  });

  it("brings the units in the names to the unit that is shown", () => {
    for (const { panels } of storageCharts) {
      for (const { unit, candidates } of panels) {
        for (const { series, scale = 1 } of candidates) {
          if (unit === "ms") expect(scale).toBe(/_?us$/.test(series) ? 1 / 1000 : 1);
          if (unit === "MB/s") expect(scale).toBe(series.endsWith("_kb_s") ? 1 / 1024 : 1);
          if (unit === "%") expect(series).toMatch(/_percent$/);
        }
      }
    }
  });
});
