import { describe, expect, it } from "vitest";
import { cleanMetric, cleanSeries } from "./clean-name.ts";
import { ID_TABLES, IdTables } from "./id-tables.ts";

const clean = (id: number) => {
  const { series, divisor } = ID_TABLES.metricOf(id, "clean");
  return [series, divisor];
};

describe("clean names", () => {
  it("are valid and unique for every id of the tables", () => {
    const names = ID_TABLES.metricIds.map((id) => ID_TABLES.metricOf(id, "clean").series);
    expect(names).toHaveLength(922);
    expect(names.filter((name) => !/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name))).toEqual([]);
    expect(names.filter((name) => /__|_$/.test(name))).toEqual([]);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each([
    // percent, and a unit that the name says twice
    [2, "oceanstor_read_io_ratio", 100],
    [18, "oceanstor_usage_ratio", 100],
    [67, "oceanstor_usage_67_ratio", 100],
    [1635, "oceanstor_read_ratio", 100],
    [22, "oceanstor_total_iops", 1],
    // the unit of the name
    [24, "oceanstor_avg_read_io_size_bytes", 1 / 1024],
    [21, "oceanstor_block_bandwidth_bytes_per_second", 1 / 1024 ** 2],
    [384, "oceanstor_avg_read_io_response_time_384_seconds", 1e6],
    [197, "oceanstor_avg_read_io_response_time_seconds", 1e3],
    // KB/s are stored, MB/s named; multiples of 1,024 KB are stored
    [312, "oceanstor_read_throughput_312_bytes_per_second", 1 / 1024],
    [1164, "oceanstor_avg_full_copy_read_request_size_bytes", 1 / 1024 ** 2],
    // the seed shows milliseconds as us, and MB/s as KB/s
    [508, "oceanstor_avg_operation_response_time_seconds", 1e6],
    [1315, "oceanstor_maximum_configuration_request_duration_seconds", 1e6],
    [511, "oceanstor_file_bandwidth_511_bytes_per_second", 1 / 1024],
    // no unit
    [1090, "oceanstor_data_reduction_ratio", 1000],
    [542, "oceanstor_s3_delete_failed_number_clients_cause", 1],
    [5_000_000, "oceanstor_unknown_metric_5000000", 1],
  ])("%i is %s, raw / %d", (id, series, divisor) => {
    expect(clean(id)).toEqual([series, divisor]);
  });

  it("spell out bounds", () => {
    expect(cleanSeries(cleanMetric("Reads: [512K,+∞) (%)", 1))).toBe(
      "oceanstor_reads_512k_inf_ratio",
    );
    expect(cleanSeries(cleanMetric("Reads: ≤ 8K + more", 1))).toBe(
      "oceanstor_reads_le_8k_plus_more",
    );
  });
});

describe("id tables of one's own", () => {
  const tables = new IdTables({
    metrics: [
      { id: 99_001, name: "Fan speed (%)", divisor: 10 },
      { id: 2, name: "Read share (%)" },
    ],
    resources: [{ id: 7_777, name: "Fan" }],
  });

  it("add ids and replace names", () => {
    expect(tables.metricOf(99_001)).toEqual({
      id: 99_001,
      name: "Fan speed (%)",
      series: "huawei_fan_speed_percent",
      divisor: 10,
      known: true,
    });
    expect(tables.metricOf(99_001, "clean")).toMatchObject({
      series: "oceanstor_fan_speed_ratio",
      divisor: 1000,
    });
    expect(tables.metricOf(2).series).toBe("huawei_read_share_percent");
    expect(tables.resourceOf(7_777)).toEqual({ id: 7_777, name: "Fan", known: true });
  });

  it("leave the built-in ones alone", () => {
    expect(tables.metricOf(18)).toEqual(ID_TABLES.metricOf(18));
    expect(ID_TABLES.metricOf(99_001).known).toBe(false);
    expect(ID_TABLES.metricOf(2).series).toBe("huawei_读i_o比率percent");
  });
});
