import type { Dashboard } from "@grafana/schema";
import { describe, expect, it } from "vitest";
import { IdTables, type Naming } from "../oceanstor/id-tables.ts";
import type { GrafanaDashboard, GrafanaPanel, GrafanaRow } from "./dashboard-model.ts";
import { grafanaDashboards } from "./grafana-dashboards.ts";
import { linesOf } from "./resource-metrics.ts";

const NAMINGS: readonly Naming[] = ["seed", "clean"];
const isRow = (it: GrafanaRow | GrafanaPanel): it is GrafanaRow => it.type === "row";
const rowsOf = ({ panels }: GrafanaDashboard): readonly GrafanaRow[] => panels.filter(isRow);
const panelsOf = ({ panels }: GrafanaDashboard): readonly GrafanaPanel[] =>
  panels.flatMap((it) => (isRow(it) ? it.panels : [it]));
/** The panels of a resource type, by title. */
const rowOf = (naming: Naming, title: string): ReadonlyMap<string, GrafanaPanel> => {
  const row = grafanaDashboards({ naming })
    .flatMap(rowsOf)
    .find((it) => it.title === title);
  return new Map(row?.panels.map((panel) => [panel.title, panel]));
};
const unitIn = (naming: Naming, row: string, title: string): string | undefined =>
  rowOf(naming, row).get(title)?.fieldConfig.defaults.unit;

type Mutable<T> = T extends object ? { -readonly [K in keyof T]: Mutable<T[K]> } : T;

describe.each(NAMINGS)("the dashboards for %s names", (naming) => {
  const dashboards = grafanaDashboards({ naming });

  it("are what Grafana's own types say of a dashboard", () => {
    // The compiler checks it, apart from variables that have no value before Grafana has asked for some.
    const models = structuredClone(dashboards) as unknown as Mutable<GrafanaDashboard>[];
    for (const { templating, ...others } of models) {
      const checked: Omit<Dashboard, "templating"> = others;
      expect(checked.panels?.length).toBeGreaterThan(10);
      expect(templating.list.length).toBeGreaterThan(3);
    }
  });

  it("are plain JSON below 3 MB", () => {
    for (const dashboard of dashboards) {
      const json = JSON.stringify(dashboard);
      expect(JSON.parse(json)).toEqual(dashboard);
      expect(Buffer.byteLength(json)).toBeLessThan(3e6);
    }
  });

  it("have uids, and ids and references in them, once each", () => {
    expect(new Set(dashboards.map(({ uid }) => uid)).size).toBe(dashboards.length);
    for (const dashboard of dashboards) {
      expect(dashboard.uid.length).toBeLessThanOrEqual(40); // Grafana's bound
      const ids = [...rowsOf(dashboard), ...panelsOf(dashboard)].map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      for (const { targets } of panelsOf(dashboard)) {
        expect(targets.length).toBeGreaterThan(0);
        const references = targets.map(({ refId }) => refId);
        expect(new Set(references).size).toBe(references.length);
        for (const reference of references) expect(reference).toMatch(/^[A-Z]$/);
      }
    }
  });

  it("lay nothing over another thing or beyond the grid", () => {
    for (const dashboard of dashboards) {
      expectApart(dashboard.panels);
      for (const row of rowsOf(dashboard)) {
        expectApart(row.panels);
        for (const { gridPos } of row.panels) expect(gridPos.y).toBeGreaterThan(row.gridPos.y);
      }
    }
  });

  it("have one row for each resource type, closed, and none that is empty", () => {
    const rows = dashboards.flatMap(rowsOf);
    const tables = new IdTables();
    const types = tables.resourceIds.map((id) => tables.resourceOf(id).name);
    const others = ["Busiest elements", "Any metric"];
    expect(rows.map(({ title }) => title).sort()).toEqual([...types, ...others].sort());
    for (const { title, collapsed, panels } of rows) {
      expect(collapsed).toBe(title !== "Busiest elements");
      if (collapsed) expect(panels.length, title).toBeGreaterThan(0);
    }
  });

  it("know every series that they ask for from the tables", () => {
    const tables = new IdTables();
    const known = new Set(tables.metricIds.map((id) => tables.metricOf(id, naming).series));
    const asked = new Set<string>();
    for (const { targets } of dashboards.flatMap(panelsOf)) {
      for (const { expr } of targets) {
        for (const [, plain, quoted] of expr.matchAll(/(\w+)\{SN|__name__="([^"]+)"/g)) {
          asked.add((plain ?? quoted) as string);
        }
      }
    }
    expect(asked.size).toBeGreaterThan(400);
    expect([...asked].filter((series) => !known.has(series))).toEqual([]);
  });

  it("never draw steps that are shorter than the interval", () => {
    for (const { interval, targets } of dashboards.flatMap(panelsOf)) {
      expect(interval).toBe("$min_interval");
      for (const target of targets) {
        expect(target.interval).toBe("$min_interval");
        expect(target.expr).toContain("[$__interval]");
      }
    }
  });

  it("offer the variables that their queries name, and no other", () => {
    for (const dashboard of dashboards) {
      const named = JSON.stringify(dashboard).matchAll(/\$\{?([A-Za-z]\w*)/g);
      const offered = dashboard.templating.list.map(({ name }) => name);
      expect(new Set([...named].map(([, name]) => name))).toEqual(new Set(offered));
    }
  });
});

describe("the metrics of resource types", () => {
  it("stand in the tables", () => {
    const tables = new IdTables();
    const known = new Set(tables.metricIds);
    for (const id of tables.resourceIds) {
      const listed = linesOf(id).flat();
      expect(listed.filter((metric) => !known.has(metric))).toEqual([]);
    }
  });

  it("never share a name where the name has two units", () => {
    const tables = new IdTables();
    for (const id of tables.resourceIds) {
      const divisors = new Map<string, number>();
      for (const metric of linesOf(id).flat()) {
        const { series, divisor } = tables.metricOf(metric);
        expect(divisors.get(series) ?? divisor, `${id} ${series}`).toBe(divisor);
        divisors.set(series, divisor);
      }
    }
  });
});

describe("units", () => {
  it.each([
    ["LUN", "Avg. I/O Response Time", "µs", "s"],
    // Called us, holds ms: the parser divides.
    ["Controller NFSV3", "Avg. Response Time of NFS I/Os", "ms", "s"],
    ["File System", "Avg. Read OPS Response Time", "ms", "s"],
    ["Controller SMB2/3", "Avg. Read OPS Response Time", "µs", "s"],
    ["LUN", "Block bandwidth", "MiBs", "binBps"],
    ["Controller NFSV3", "Total NFS Bandwidth", "KiBs", "binBps"],
    // Called KB/s, holds MB/s.
    ["File System", "File Bandwidth", "MiBs", "binBps"],
    ["LUN", "Avg. Unmap Command Size", "kbytes", "bytes"],
    ["Storage Pool", "Total capacity", "mbytes", "bytes"],
    ["Disk", "Usage", "percent", "percentunit"],
    ["LUN", "Total IOPS", "iops", "iops"],
    ["Controller NFSV3", "Total NFS OPS", "ops", "ops"],
    ["Ethernet Port", "Packet transmission rate", "pps", "pps"],
    ["LUN", "Queue length", "short", "short"],
  ])("of %s: %s are %s, or %s", (row, title, seed, clean) => {
    expect(unitIn("seed", row, title)).toBe(seed);
    expect(unitIn("clean", row, title)).toBe(clean);
  });

  it("are brought to that of the panel where metrics differ", () => {
    const expressions = (naming: Naming) =>
      rowOf(naming, "LUN")
        .get("Avg. I/O Response Time")
        ?.targets.map(({ expr }) => expr.replace(/\{[^{}]*\}\[/, "["));
    const shown = "$" + "{Show}_over_time";
    expect(expressions("seed")).toEqual([
      `${shown}(huawei_avg_i_o_response_time_us[$__interval])`,
      `${shown}(huawei_avg_i_o_response_time_ms[$__interval]) * 1000`,
    ]);
    expect(expressions("clean")).toEqual([
      `${shown}(oceanstor_avg_io_response_time_370_seconds[$__interval])`,
      `${shown}(oceanstor_avg_io_response_time_seconds[$__interval])`,
    ]);
  });
});

describe("a distribution", () => {
  it("is one panel of stacked parts with their bounds as names", () => {
    const panel = rowOf("seed", "Host").get("Write I/O granularity distribution");
    expect(panel?.fieldConfig.defaults.custom.stacking.mode).toBe("normal");
    expect(panel?.targets.map(({ legendFormat }) => legendFormat)).toEqual([
      "[0K,1K)",
      ...["[1 KB, 2 KB)", "[2 KB, 4 KB)", "[4 KB, 8 KB)", "[8 KB, 16 KB)", "[16 KB, 32 KB)"],
      ...["[32 KB, 64 KB)", "[64 KB, 128 KB)", "[128 KB, 256 KB)", "[256K,512K)", "[512K,+∞)"],
    ]);
  });
});

describe("id tables of the user's own", () => {
  it("rename, and bring resource types a row", () => {
    const dashboards = grafanaDashboards({
      idTables: {
        metrics: [{ id: 22, name: "Hits (IO/s)" }],
        resources: [{ id: 7777, name: 'A "fan"' }],
      },
    });
    const row = dashboards.flatMap(rowsOf).find(({ title }) => title === 'A "fan"');
    expect(row?.panels[0]?.title).toBe("Hits");
    expect(row?.panels[0]?.targets[0]?.expr).toContain(
      'huawei_hits_io_s{SN=~"$SN",Resource="A \\"fan\\"",',
    );
    // The overview asks by the old name, which nobody delivers any more.
    expect(JSON.stringify(dashboards)).not.toContain("huawei_total_iops_io_s");
  });

  it("are checked", () => {
    expect(() => grafanaDashboards({ idTables: { metrics: [{ id: -1, name: "x" }] } })).toThrow(
      expect.objectContaining({ code: "INVALID_OPTION" }),
    );
  });
});

function expectApart(things: readonly (GrafanaRow | GrafanaPanel)[]): void {
  const taken = new Map<string, string>();
  for (const { title, gridPos } of things) {
    const { x, y, w, h } = gridPos;
    expect(Number.isInteger(x) && Number.isInteger(w), title).toBe(true);
    expect(x + w).toBeLessThanOrEqual(24);
    for (let row = y; row < y + h; row++) {
      for (let column = x; column < x + w; column++) {
        const cell = `${column},${row}`;
        expect(taken.get(cell), `${title} at ${cell}`).toBeUndefined();
        taken.set(cell, title);
      }
    }
  }
}
