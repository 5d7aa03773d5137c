import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { KNOWN_METRIC_IDS, metricOf, resourceOf } from "./id-tables.ts";
import { seriesName } from "./series-name.ts";

const golden = JSON.parse(
  readFileSync(new URL("../../test/fixtures/series-names.json", import.meta.url), "utf8"),
) as Readonly<Record<string, string>>;

describe("series names", () => {
  it("are those of an independent implementation, for every id of the dictionary", () => {
    expect(KNOWN_METRIC_IDS).toHaveLength(922);
    const ours = Object.fromEntries(KNOWN_METRIC_IDS.map((id) => [`${id}`, metricOf(id).series]));
    expect(ours).toEqual(golden);
  });

  it.each([
    [21, "huawei_block_bandwidth_mb_s"],
    [18, "huawei_usage_percent"],
    [1182, "huawei_read_i_o_granularity_distribution_0k4kpercent"],
    [1183, "huawei_read_i_o_granularity_distribution_128kinfpercent"],
    [40, "huawei_read_i_o_granularity_distribution_512kinf_percent"],
    [384, "huawei_avg_read_i_o_response_timeus"],
    [24, "huawei_avg_read_i_o_sizekb"],
    [1164, "huawei_avg_full_copy_read_request_size_kb"],
    [542, "huawei_s3_delete_failed_numberclient's_cause"],
    [1635, "huawei_%_read"],
    [2, "huawei_读i_o比率percent"],
    [150, "huawei_读i_o粒度分布：≤_8kpercent"],
    [5_000_000, "huawei_unknown_metric_5000000"],
  ])("%i is %s", (id, name) => {
    expect(metricOf(id).series).toBe(name);
  });

  it.each([
    ["A (%) B(%)", "huawei_a_percent_bpercent"],
    ["(a) [b] c.d,e:f", "huawei_a_b_cdef"],
    ["a/b-c", "huawei_a_b_c"],
    ["[1,+∞) + ∞", "huawei_1inf_plus_inf"],
    ["  _A\t\nB__c_ ", "huawei_a_b_c"],
    ["ÜBER Größe", "huawei_über_größe"],
    ["--x--", "huawei_x"],
  ])("%j becomes %s", (name, series) => {
    expect(seriesName(name)).toBe(series);
  });
});

describe("the id tables", () => {
  it("give 21 names to several ids", () => {
    const byName = Map.groupBy(KNOWN_METRIC_IDS, (id) => metricOf(id).series);
    const shared = [...byName.values()].filter((ids) => ids.length > 1);
    expect([shared.length, shared.flat().length]).toEqual([21, 49]);
  });

  it("have a divisor for 31 ids", () => {
    const divided = KNOWN_METRIC_IDS.filter((id) => metricOf(id).divisor !== 1);
    expect(divided).toHaveLength(31);
    expect([311, 429, 1090, 1156, 384].map((id) => metricOf(id).divisor)).toEqual([
      1024,
      1000,
      1000,
      1 / 1024,
      1,
    ]);
  });

  it("know what they do not know", () => {
    expect(metricOf(3_333_333)).toEqual({
      id: 3_333_333,
      name: "UNKNOWN_METRIC_3333333",
      series: "huawei_unknown_metric_3333333",
      divisor: 1,
      known: false,
    });
    expect(metricOf(18)).toMatchObject({ name: "Usage (%)", known: true });
    expect(resourceOf(11)).toEqual({ id: 11, name: "LUN", known: true });
    expect(resourceOf(31_337)).toEqual({
      id: 31_337,
      name: "UNKNOWN_RESOURCE_31337",
      known: false,
    });
  });
});
