import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { GrafanaDashboard, GrafanaPanel } from "@millrace/ingest/grafana";
import { type ArchiveProfile, type ArchiveSpec, profileOf } from "@millrace/ingest/testing";
import {
  findVictoriaMetrics,
  startVictoriaMetrics,
  type VictoriaMetricsServer,
} from "@millrace/vm-sink/server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testFolder } from "../test/archives.ts";
import { type Choice, openDashboard, panelsOf } from "../test/grafana.ts";
import { millrace } from "../test/run-millrace.ts";

const missing = (await findVictoriaMetrics())
  ? undefined
  : "VictoriaMetrics is not installed: apt-get install victoria-metrics";
if (missing !== undefined) process.stdout.write(`skipped dashboards.real.test.ts: ${missing}\n`);

const START = Date.UTC(2025, 9, 20);
const MINUTE = 60_000;
const FILES: ArchiveSpec = { startMs: START, filesPerController: 2, rowsPerFile: 15 };
/** Over the range of the archives. */
const RANGE: Choice = { fromMs: START, toMs: START + 29 * MINUTE };
/** Queries in flight. */
const AT_ONCE = 4;

const NAMINGS = ["seed", "clean"] as const;
const PREFIX = { seed: "huawei_", clean: "oceanstor_" };
const rows = (name: string): readonly { readonly id: number }[] =>
  JSON.parse(
    readFileSync(new URL(`../../ingest/src/oceanstor/data/${name}.json`, import.meta.url), "utf8"),
  );

/** An array that reports every metric that is known for every resource type that is known. */
const everything: ArchiveProfile = {
  name: "everything",
  model: "OceanStor",
  resources: rows("resources").map(({ id }) => ({
    id,
    elements: 1,
    metricIds: rows("metrics").map((metric) => metric.id),
    elementName: (index) => `E${index}`,
  })),
};

describe.skipIf(missing !== undefined)("millrace dashboards", () => {
  const folder = testFolder();
  let database: VictoriaMetricsServer;
  beforeAll(async () => {
    database = await startVictoriaMetrics();
  });
  afterAll(async () => {
    await database?.stop();
  });

  it.each(NAMINGS)(
    "has data in every panel whose metric is in an archive, for %s names",
    async (naming) => {
      const serial = await load(`rich-${naming}.zip`, naming, { profile: "dorado5500" });
      const dashboards = await written(naming);
      const held = await seriesOf(serial, naming);
      // 775 pairs of resource and metric, as in a real archive.
      const pairs = profileOf("dorado5500").resources.flatMap(({ metricIds }) => metricIds).length;
      expect(held.size).toBe(pairs);
      let filledPanels = 0;
      const shown = new Set<string>();
      for (const dashboard of dashboards) {
        const tally = { filled: 0, empty: 0 };
        const open = await openDashboard(database.url, dashboard, {
          ...RANGE,
          values: { SN: serial },
        });
        // The archive's own interval, not what 500 points in half an hour would need.
        expect(open.stepSeconds).toBe(60);
        await each(panelsOf(dashboard), async (panel) => {
          const found = await open.lines(panel, { Metric: `${PREFIX[naming]}queue_length` });
          const wanted = panel.targets.map(({ expr }) => asked(expr).filter((it) => held.has(it)));
          for (const pair of wanted.flat()) shown.add(pair);
          const isAny = panel.repeat !== undefined;
          for (const [index, lines] of found.entries()) {
            const isHeld = isAny || (wanted[index]?.length ?? 0) > 0;
            const points = lines.flatMap(({ values }) => values).length;
            expect(points > 0, `${panel.title}: ${panel.targets[index]?.expr}`).toBe(isHeld);
          }
          tally[found.flat().length > 0 ? "filled" : "empty"] += 1;
        });
        filledPanels += tally.filled;
        process.stdout.write(
          `${dashboard.uid}: ${tally.filled} panels with data, ${tally.empty} of metrics that the archive lacks\n`,
        );
      }
      // And nothing that was loaded is left out.
      expect([...held].filter((pair) => !shown.has(pair))).toEqual([]);
      expect(filledPanels).toBeGreaterThan(500);
    },
    300_000,
  );

  it.each(NAMINGS)(
    "has no panel that could never have data, for %s names",
    async (naming) => {
      const serial = await load(`everything-${naming}.zip`, naming, {
        profile: everything,
        filesPerController: 1,
        rowsPerFile: 5,
      });
      const empty: string[] = [];
      let panels = 0;
      for (const dashboard of await written(naming)) {
        const open = await openDashboard(database.url, dashboard, {
          ...RANGE,
          values: { SN: serial },
        });
        await each(panelsOf(dashboard), async (panel) => {
          panels += 1;
          const found = await open.lines(panel, { Metric: `${PREFIX[naming]}queue_length` });
          for (const [index, lines] of found.entries()) {
            if (lines.length === 0) empty.push(`${panel.title}: ${panel.targets[index]?.expr}`);
          }
        });
      }
      expect(empty).toEqual([]);
      process.stdout.write(`${naming}: all ${panels} panels of both dashboards have data\n`);
    },
    300_000,
  );

  it("offers what the database holds in the time range, and shows what is chosen", async () => {
    const profile = "dorado6000";
    const other = await load("other.zip", "seed", { profile, intervalSeconds: 300 });
    const serial = await load("chosen.zip", "seed", { profile });
    const [dashboard] = await written("seed");
    const chosen = { SN: [serial, other], Resource: "Host", Element: "esx-003 (dc2)" };
    const open = await openDashboard(database.url, dashboard, { ...RANGE, values: chosen });
    expect(open.offered.get("SN")).toEqual(expect.arrayContaining([serial, other]));
    expect(open.offered.get("Resource")).toContain("Controller SMB2/3");
    expect(open.offered.get("Element")).toHaveLength(35);
    expect(open.offered.get("Metric")).toContain("huawei_i_o_sequentialitypercent");
    expect(open.offered.get("min_interval")).toEqual(["60", "300"]);
    const panel = panelIn(dashboard, "Host", "Total IOPS");
    const [lines = []] = await open.lines(panel);
    const names = lines.map(({ labels }) => `${labels["Element"]} ${labels["SN"]}`);
    expect(names.sort()).toEqual([`esx-003 (dc2) ${serial}`, `esx-003 (dc2) ${other}`].sort());
    // Nothing is offered of a time in which there is nothing.
    const before = { fromMs: START - 40 * 86_400_000, toMs: START - 30 * 86_400_000 };
    const early = await openDashboard(database.url, dashboard, before);
    expect([...early.offered.values()].map((values) => values.length)).toEqual([0, 0, 0, 0, 0, 3]);
  }, 120_000);

  it("draws each sample once, and all of them when a step holds many", async () => {
    const serial = await load("samples.zip", "seed", { profile: "tiny" });
    const [dashboard] = await written("seed");
    const panel = panelIn(dashboard, "LUN", "Total IOPS");
    const values = { SN: serial, Element: "prd.zvirt.01" };
    const stored = await exported(`huawei_total_iops_io_s{SN="${serial}",Element="prd.zvirt.01"}`);
    expect(stored.length).toBe(30);
    const near = await openDashboard(database.url, dashboard, { ...RANGE, values });
    const [[line] = []] = await near.lines(panel);
    expect(line?.values.map(([, value]) => Number(value))).toEqual(stored);
    // A quarter of a year, as the dashboard opens.
    const far = { fromMs: RANGE.toMs - 80 * 86_400_000, toMs: RANGE.toMs + 10 * 86_400_000 };
    // The first sample lies on the end of a step, the others in the next one.
    const steps = [stored.slice(0, 1), stored.slice(1)];
    const statistics = {
      avg: (samples: readonly number[]) => samples.reduce((a, b) => a + b) / samples.length,
      max: (samples: readonly number[]) => Math.max(...samples),
      min: (samples: readonly number[]) => Math.min(...samples),
    };
    for (const [Show, statistic] of Object.entries(statistics)) {
      const open = await openDashboard(database.url, dashboard, {
        ...far,
        values: { ...values, Show },
      });
      expect(open.stepSeconds).toBe(14_400);
      const [[whole] = []] = await open.lines(panel);
      const shown = whole?.values.map(([, value]) => Number(value).toPrecision(9));
      expect(shown).toEqual(steps.map((samples) => statistic(samples).toPrecision(9)));
    }
  }, 60_000);

  it("refuses what it cannot write", async () => {
    await folder.archive("file.zip");
    const attempts = [
      ["--output", "file.zip"],
      ["--output", "grafana", "--vm-url", "localhost"],
      ["--output", "grafana", "--naming", "other"],
      ["--output", "grafana", "--id-tables", "nowhere.json"],
      [],
    ];
    for (const args of attempts) {
      const { code, stderr } = await millrace(["dashboards", ...args], { cwd: folder.path() });
      expect(stderr).toMatch(/^(millrace|error): /);
      expect(code).toBe(2);
    }
  }, 60_000);

  it("writes what Grafana reads when it starts", async () => {
    const path = "/var/lib/grafana/dashboards";
    const args = ["--vm-url", "http://vm:8428", "--dashboards-path", path];
    await written("seed", ...args);
    const read = (name: string): Promise<string> =>
      readFile(folder.path(`grafana-seed/provisioning/${name}`), "utf8");
    expect(await read("datasources/victoriametrics.yaml")).toContain('url: "http://vm:8428"');
    expect(await read("dashboards/millrace.yaml")).toContain(`path: "${path}"`);
  }, 60_000);

  /** Loads an archive of an array of its own, and gives its serial. */
  async function load(name: string, naming: string, spec: ArchiveSpec): Promise<string> {
    const { path, serial } = await folder.archive(name, { ...FILES, ...spec });
    const args = ["--vm-url", database.url, "--naming", naming, "--quiet"];
    const { code, stderr } = await millrace(["ingest", path, ...args]);
    expect(code, stderr).toBe(0);
    return serial;
  }

  /** The dashboards that the command writes. */
  async function written(
    naming: "seed" | "clean",
    ...args: readonly string[]
  ): Promise<readonly [GrafanaDashboard, GrafanaDashboard]> {
    const { code, stdout, stderr } = await millrace(
      ["dashboards", "--output", `grafana-${naming}`, "--naming", naming, ...args],
      { cwd: folder.path() },
    );
    expect(code, stderr).toBe(0);
    const paths = [...stdout.matchAll(/^(.*\.json) \(/gm)].map(([, path]) => path as string);
    const texts = await Promise.all(paths.map((path) => readFile(path, "utf8")));
    const [main, further, ...others] = texts.map((text) => JSON.parse(text));
    expect(others).toEqual([]);
    return [main, further];
  }

  /** What the database holds of an array: `name Resource`. */
  async function seriesOf(serial: string, naming: "seed" | "clean"): Promise<ReadonlySet<string>> {
    const match = `{__name__=~"${PREFIX[naming]}.*",SN="${serial}"}`;
    const query = new URLSearchParams({ "match[]": match, start: `${START / 1000}` });
    const answer = await fetch(`${database.url}/api/v1/series?${query}`);
    const { data } = (await answer.json()) as { data: Readonly<Record<string, string>>[] };
    return new Set(data.map((labels) => `${labels["__name__"]} ${labels["Resource"]}`));
  }

  async function exported(match: string): Promise<readonly number[]> {
    const query = new URLSearchParams({ "match[]": match });
    const answer = await fetch(`${database.url}/api/v1/export?${query}`);
    return JSON.parse(await answer.text()).values;
  }
});

/** The series that a query asks for: `name Resource`. */
function asked(expression: string): readonly string[] {
  const found = expression.matchAll(
    /(?:(\w+)\{|\{__name__="([^"]+)",)SN=~"\$SN",Resource="([^"]+)"/g,
  );
  return [...found].map(([, plain, quoted, resource]) => `${plain ?? quoted} ${resource}`);
}

function panelIn(dashboard: GrafanaDashboard, row: string, title: string): GrafanaPanel {
  const panels = dashboard.panels.flatMap((it) =>
    it.type === "row" && it.title === row ? it.panels : [],
  );
  const panel = panels.find((it) => it.title === title);
  if (panel === undefined) throw new Error(`no panel ${title} in ${row}`);
  return panel;
}

async function each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  const worker = async (): Promise<void> => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
