import { describe, expect, it } from "vitest";
import type { MapResource } from "./block-map.ts";
import { columnRules } from "./column-rules.ts";
import { columnTable } from "./column-table.ts";

const identity = { serial: "A1", intervalSeconds: 300, mapKey: "m" };
const map: readonly MapResource[] = [
  { resourceId: 207, elements: ["0A"], metricIds: [18, 67, 777] },
  { resourceId: 999, elements: ["u", "v"], metricIds: [311] },
  { resourceId: 888, elements: [], metricIds: [778, 5] },
];

const names = (wanted?: readonly number[]) => {
  const { table } = columnTable(map, identity, wanted && columnRules({ metrics: wanted }));
  return table.labels.map(
    ({ __name__, Resource, Element }) => `${Resource}/${Element} ${__name__}`,
  );
};

describe("columnTable", () => {
  it("names resource by resource, element by element, metric by metric", () => {
    expect(names()).toEqual([
      "Controller/0A huawei_usage_percent",
      "Controller/0A huawei_usage_percent",
      "Controller/0A huawei_unknown_metric_777",
      "UNKNOWN_RESOURCE_999/u huawei_throughput_mb_s",
      "UNKNOWN_RESOURCE_999/v huawei_throughput_mb_s",
    ]);
    const columns = columnTable(map, identity, undefined);
    expect(columns.table.labels[0]).toEqual({
      __name__: "huawei_usage_percent",
      Element: "0A",
      Resource: "Controller",
      SN: "A1",
      scrape_interval: "300",
    });
    expect(columns).toMatchObject({
      columns: undefined,
      columnCount: 5,
      unknownMetrics: [777],
      unknownResources: [999],
      sharedNames: [
        { series: "huawei_usage_percent", resource: "Controller", metricIds: [18, 67] },
      ],
    });
    expect(columns.table.divisors).toEqual(Float64Array.of(1, 1, 1, 1024, 1024));
  });

  it("picks wanted metrics and speaks only of them", () => {
    const columns = columnTable(map, identity, columnRules({ metrics: [67, 778] }));
    expect(names([67, 778])).toEqual(["Controller/0A huawei_usage_percent"]);
    expect(columns).toMatchObject({
      columns: Uint32Array.of(1),
      columnCount: 5,
      unknownMetrics: [],
      unknownResources: [],
      sharedNames: [],
    });
    expect(columns.table).not.toHaveProperty("divisors");
    expect(columnTable(map, identity, columnRules({ metrics: [311] })).table.divisors).toEqual(
      Float64Array.of(1024, 1024),
    );
  });

  it("needs no picking where everything is wanted anyway", () => {
    const all = columnRules({ metrics: [18, 67, 777, 311] });
    expect(columnTable(map, identity, all).columns).toBeUndefined();
    expect(columnTable(map, identity, columnRules({ metrics: [] })).columns).toEqual(
      Uint32Array.of(),
    );
    expect(columnTable([], identity, undefined)).toMatchObject({ columnCount: 0 });
  });

  it("has one id for equal contents and others for others", () => {
    const id = (changes: Partial<typeof identity>) =>
      columnTable(map, { ...identity, ...changes }, undefined).table.id;
    expect(id({})).toBe(id({}));
    const others = [{}, { serial: "A2" }, { intervalSeconds: 60 }, { mapKey: "n" }].map(id);
    expect(new Set(others).size).toBe(4);
  });
});
