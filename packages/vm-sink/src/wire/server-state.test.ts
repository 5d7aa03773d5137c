import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { newlyLost, parseServerState } from "./server-state.ts";

/** A whole page of Debian's build of 1.79.5. */
const debian = readFileSync(new URL("../../test/metrics-1.79.5.txt", import.meta.url), "utf8");
/** Lines that upstream's builds write otherwise. */
const upstream = `flag{name="retentionPeriod",value="1y",is_set="true"} 1
flag{name="futureRetention", value="2d", is_set="false"} 1
flag{name="storageDataPath", value="/var/lib/\\"vm\\"", is_set="true"} 1
process_cpu_seconds_total 12.25
process_cpu_cores_available 8
vm_app_start_timestamp 1795175209
vm_app_version{version="victoria-metrics-20260601-093000-tags-v1.145.0-0-g0123456789", short_version="v1.145.0"} 1
vm_rows_ignored_total{reason="too_long_label_value"} 7
vm_rows_invalid_total{type="prometheus"} 1e+06
`;

describe("parseServerState", () => {
  it("reads a real page of a build without a version", () => {
    const state = parseServerState(debian);
    expect(state).toMatchObject({
      version: undefined,
      startedSeconds: 1795175209,
      uptimeSeconds: 2,
      cpuSeconds: 0.05,
      cores: 2,
    });
    expect(state.flags.get("retentionPeriod")).toBe("100y");
    expect(state.flags.get("maxLabelsPerTimeseries")).toBe("30");
    expect(state.flags.get("maxLabelValueLen")).toBe("16384");
    expect(state.flags.get("maxInsertRequestSize")).toBe("33554432");
    expect(state.flags.size).toBeGreaterThan(100);
    expect(state.lostRows.get("small_timestamp")).toBe(0);
    expect(state.lostRows.get("prometheus")).toBe(0);
  });

  it("reads what upstream's builds tell", () => {
    const state = parseServerState(upstream);
    expect(state).toMatchObject({
      version: "v1.145.0",
      startedSeconds: 1795175209,
      cpuSeconds: 12.25,
      cores: 8,
    });
    expect(Object.fromEntries(state.flags)).toMatchObject({
      retentionPeriod: "1y",
      futureRetention: "2d",
    });
    expect(Object.fromEntries(state.lostRows)).toEqual({
      too_long_label_value: 7,
      prometheus: 1_000_000,
    });
  });

  it.each(["", "<html>not a database</html>", "# HELP\n\nvm_rows_ignored_total 3\n"])(
    "makes nothing up from %j",
    (page) => {
      expect(parseServerState(page)).toEqual({
        version: undefined,
        startedSeconds: undefined,
        uptimeSeconds: undefined,
        cpuSeconds: undefined,
        cores: undefined,
        lostRows: new Map(),
        flags: new Map(),
      });
    },
  );
});

describe("newlyLost", () => {
  it("says what came in between, also under reasons that are new", () => {
    const page = (small: number, big?: number): string =>
      `vm_rows_ignored_total{reason="small_timestamp"} ${small}\n` +
      (big === undefined ? "" : `vm_rows_ignored_total{reason="big_timestamp"} ${big}\n`);
    const [before, after] = [parseServerState(page(4)), parseServerState(page(9, 2))];
    expect(newlyLost(before, after)).toEqual(
      new Map([
        ["small_timestamp", 5],
        ["big_timestamp", 2],
      ]),
    );
    expect(newlyLost(after, after)).toEqual(new Map());
  });
});
