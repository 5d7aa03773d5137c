import { describe, expect, it } from "vitest";
import { seriesTitle } from "./series-title.ts";

describe("seriesTitle", () => {
  it.each([
    ["huawei_total_iops_io_s", "Total IOPS (IO/s)", "IO/s"],
    ["huawei_usage_percent", "Usage (%)", "%"],
    ["huawei_unknown_metric_99001", "huawei_unknown_metric_99001", null],
    // Held as microseconds, without a divisor.
    ["huawei_avg_read_i_o_response_timeus", "Avg. Read I/O Response Time(us)", "us"],
  ])("of %s is %s", (series, title, unit) => {
    expect(seriesTitle(series)).toEqual({ title, unit });
  });

  it("names the unit that the values have, not the one of the raw samples", () => {
    // 508: raw microseconds, divided by 1,000. 511: raw KB/s, divided by 1,024.
    expect(seriesTitle("huawei_avg_operation_response_time_us").unit).toBe("ms");
    expect(seriesTitle("huawei_file_bandwidth_kb_s").unit).toBe("MB/s");
  });
});
