import { describe, expect, it } from "vitest";
import { KNOWN_METRIC_IDS, metricOf } from "../oceanstor/id-tables.ts";
import { metricName } from "./metric-name.ts";

describe("metricName", () => {
  it("is the vendor's name, and never the same for two series", () => {
    expect(metricName("huawei_total_iops_io_s", "display")).toBe("Total IOPS (IO/s)");
    const series = new Set(KNOWN_METRIC_IDS.map((id) => metricOf(id).series));
    const names = new Set([...series].map((name) => metricName(name, "display")));
    expect(names.size).toBe(series.size);
    expect([...series].filter((name) => metricName(name, "display") === name)).toHaveLength(3);
  });

  it("is the series where it is in no table, or is asked for", () => {
    expect(metricName("huawei_unknown_metric_99001", "display")).toBe(
      "huawei_unknown_metric_99001",
    );
    expect(metricName("huawei_total_iops_io_s", "series")).toBe("huawei_total_iops_io_s");
  });
});
