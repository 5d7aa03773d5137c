import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { newlyLost, parseServerState, wasRestarted } from "./server-state.ts";

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
vm_hourly_series_limit_rows_dropped_total 11
vm_hourly_series_limit_max_series 5
vm_daily_series_limit_rows_dropped_total 12
vm_relabel_metrics_dropped_total 13
vm_rows_inserted_total{type="promremotewrite"} 40
vm_rows_inserted_total{type="prometheus"} 2
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
    for (const reason of ["hourly_series_limit", "daily_series_limit", "relabel"]) {
      expect(state.lostRows.get(reason), reason).toBe(0);
    }
    expect(state.insertedRows).toBe(0);
  });

  it("reads what upstream's builds tell", () => {
    const state = parseServerState(upstream);
    expect(state).toMatchObject({
      version: "v1.145.0",
      startedSeconds: 1795175209,
      cpuSeconds: 12.25,
      cores: 8,
      insertedRows: 42,
    });
    expect(Object.fromEntries(state.flags)).toMatchObject({
      retentionPeriod: "1y",
      futureRetention: "2d",
    });
    expect(Object.fromEntries(state.lostRows)).toEqual({
      too_long_label_value: 7,
      prometheus: 1_000_000,
      hourly_series_limit: 11,
      daily_series_limit: 12,
      relabel: 13,
    });
  });

  it.each(["", "<html>not a database</html>", "# HELP\n\nvm_rows_ignored_total 3\n"])(
    "makes nothing up from %j",
    (page) => {
      expect(parseServerState(page)).toEqual({
        kind: "single",
        version: undefined,
        startedSeconds: undefined,
        uptimeSeconds: undefined,
        cpuSeconds: undefined,
        cores: undefined,
        insertedRows: undefined,
        lostRows: new Map(),
        flags: new Map(),
      });
    },
  );
});

describe("the kind of a server", () => {
  const kind = (...flags: readonly string[]): string =>
    parseServerState(flags.map((name) => `flag{name="${name}", value=""} 1`).join("\n")).kind;

  it("shows in its flags", () => {
    expect(kind("retentionPeriod", "storageDataPath")).toBe("single");
    expect(kind("maxConcurrentInserts", "storageNode")).toBe("cluster");
    expect(kind("remoteWrite.url", "remoteWrite.tmpDataPath")).toBe("vmagent");
    expect(kind("auth.config")).toBe("vmauth");
  });
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

describe("wasRestarted", () => {
  const page = (started: number, uptime: number, cpu: number, rows: number) =>
    parseServerState(
      [
        `vm_app_start_timestamp ${started}`,
        `vm_app_uptime_seconds ${uptime}`,
        `process_cpu_seconds_total ${cpu}`,
        `vm_rows_inserted_total{type="promremotewrite"} ${rows}`,
      ].join("\n"),
    );
  const earlier = page(100, 7, 1.5, 30);

  it.each([
    ["started at another time", page(101, 7, 1.5, 30), true],
    ["has run for less", page(100, 6, 1.5, 30), true],
    ["has worked for less", page(100, 7, 1.4, 30), true],
    ["has taken fewer rows", page(100, 7, 1.5, 29), true],
    ["says the same", earlier, false],
    ["has gone on", page(100, 8, 1.6, 31), false],
    ["says less of itself", parseServerState("vm_app_start_timestamp 100"), false],
  ])("knows of a process that %s", (_, later, restarted) => {
    expect(wasRestarted(earlier, later)).toBe(restarted);
  });
});
