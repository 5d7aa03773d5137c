import { readFile, writeFile } from "node:fs/promises";
import { findVictoriaMetrics, startVictoriaMetrics } from "@millrace/vm-sink/server";
import { describe, expect, it } from "vitest";
import { testFolder } from "../test/archives.ts";
import { type Finished, millrace } from "../test/run-millrace.ts";
import type { CommandReport } from "./report-text.ts";

const folder = testFolder();
const run = (...args: readonly string[]): Promise<Finished> =>
  millrace(["ingest", ...args], { cwd: folder.path() });
const reportAt = async (name: string): Promise<CommandReport> =>
  JSON.parse(await readFile(folder.path(name), "utf8"));
const installed = (await findVictoriaMetrics()) !== undefined;
if (!installed) {
  process.stdout.write("skipped loads in ingest-selection.real.test.ts: no VictoriaMetrics\n");
}

/** Fields of the lines of a CSV file. */
const fieldsOf = async (name: string): Promise<readonly (readonly string[])[]> =>
  (await readFile(folder.path(name), "utf8"))
    .trimEnd()
    .split("\n")
    .map((line) => line.split(";"));

describe("millrace ingest, a selection", () => {
  it("loads only what is asked for, counts the rest, and is complete", async () => {
    const archive = await folder.archive("some.zip");
    const args = ["--resources", "LUN", "--metrics", "*iops*", "--exclude-metrics", "25"];
    const range = ["--from", "2025-10-20T00:10", "--to", `${Date.UTC(2025, 9, 20, 0, 40)}`];
    const out = ["--no-vm", "--csv", "some.csv", "--report", "some.json"];
    const { code, stdout } = await run(archive.path, ...args, ...range, ...out);
    expect(code).toBe(0);
    const fields = await fieldsOf("some.csv");
    expect(new Set(fields.map(([resource]) => resource))).toEqual(new Set(["LUN"]));
    expect(new Set(fields.map(([, metric]) => metric))).toEqual(
      new Set(["Total IOPS (IO/s)", "Write IOPS (IO/s)"]),
    );
    const times = fields.map(([, , , , time = ""]) => time).sort();
    expect([times[0], times.at(-1)]).toEqual(["2025-10-20T00:10:00Z", "2025-10-20T00:39:00Z"]);
    // 3 LUNs, 2 metrics, 30 minutes
    expect(fields).toHaveLength(3 * 2 * 30);
    const { samples, complete } = await reportAt("some.json");
    expect(complete).toBe(true);
    expect(samples).toMatchObject({ parsed: 180, filtered: archive.samples - 180 });
    expect(stdout).toContain("filtered out");
  });

  it("is taken from the configuration file, too", async () => {
    const archive = await folder.archive("file.zip");
    const config = { resources: ["LUN"], elements: ["*"], naming: "clean", labels: { site: "x" } };
    await writeFile(folder.path("selection.json"), JSON.stringify(config));
    const { code } = await run(
      ...[archive.path, "--config", "selection.json", "--no-vm", "--csv", "file.csv"],
    );
    expect(code).toBe(0);
    const [first = []] = await fieldsOf("file.csv");
    expect(first[0]).toBe("LUN");
    expect(first[1]).toMatch(/^oceanstor_/);
    expect(first.slice(6)).toEqual([archive.serial, "60", "x"]);
  });

  it("says that nothing is left", async () => {
    const archive = await folder.archive("nothing.zip");
    const { code, stdout } = await run(
      ...[archive.path, "--elements", "no such", "--no-vm", "--csv", "nothing.csv"],
    );
    expect(stdout).toContain("Nothing was loaded: all was filtered out.");
    expect(code).toBe(0);
  });

  it("shows the page its own names, whatever the database gets", async () => {
    const archive = await folder.archive("page.zip");
    const page = async (name: string, ...args: readonly string[]): Promise<string> => {
      const { code } = await run(archive.path, "--no-vm", "--html", name, ...args);
      expect(code).toBe(0);
      const text = await readFile(folder.path(name), "utf8");
      return text.replace(/"(generated|created)\w*":\s*("[^"]*"|\d+)/g, "");
    };
    const seed = await page("seed.html");
    const clean = await page("clean.html", "--naming", "clean");
    expect(clean).not.toContain("oceanstor_");
    expect(Math.abs(clean.length - seed.length)).toBeLessThan(2_000);
  });

  it.skipIf(!installed)("names series as asked in a database, and verifies them", async () => {
    await using database = await startVictoriaMetrics();
    const archive = await folder.archive("named.zip", {
      overlappingControllers: true,
      unknownMetricIds: [99_001],
    });
    const tables = { metrics: [{ id: 99_001, name: "Fan speed (%)" }] };
    await writeFile(folder.path("ids.json"), JSON.stringify(tables));
    const labels = ["--label", "site=berlin", "--rename-label", "Element=element"];
    const serial = ["--rename-label", "SN=array", "--controller-label", "--metric-id-label"];
    const names = ["--naming", "clean", "--id-tables", "ids.json"];
    const { code, stdout, stderr } = await run(
      ...[archive.path, "--vm-url", database.url, "--verify", ...labels, ...serial, ...names],
    );
    expect(stderr).not.toContain("millrace:");
    expect(code).toBe(0);
    expect(stdout).toContain(`${archive.serial}: the database holds all`);
    expect(stdout).not.toContain("Unknown metric ids");
    const match = encodeURIComponent(`{array="${archive.serial}"}`);
    const start = Date.UTC(2025, 9, 20) / 1000;
    const query = `match[]=${match}&start=${start}&end=${start + 86_400}`;
    const answer = await fetch(`${database.url}/api/v1/series?${query}`);
    const { data } = (await answer.json()) as { data: Record<string, string>[] };
    expect(data.length).toBeGreaterThan(100);
    expect(new Set(data.flatMap((series) => Object.keys(series)))).toEqual(
      new Set([
        ...["__name__", "element", "Resource", "array", "scrape_interval"],
        ...["controller", "metric_id", "site"],
      ]),
    );
    expect(new Set(data.map(({ controller }) => controller))).toEqual(new Set(["SP0", "SP1"]));
    const fan = data.find(({ metric_id: id }) => id === "99001");
    expect(fan).toMatchObject({ __name__: "oceanstor_fan_speed_ratio", site: "berlin" });
  });

  it.skipIf(!installed)("belongs to the load that a checkpoint tells of", async () => {
    await using database = await startVictoriaMetrics();
    const archive = await folder.archive("note.zip");
    const load = (...args: readonly string[]): Promise<Finished> =>
      run(archive.path, "--vm-url", database.url, "--checkpoint", "note", ...args);
    expect((await load("--resources", "LUN")).code).toBe(0);
    const same = await load("--resources", "LUN", "--resume");
    expect(same.stderr).toContain("This was loaded already");
    for (const other of [["--metrics", "22"], ["--to", "2030-01-01"], ["--naming", "clean"], []]) {
      const { stderr } = await load(...other, "--resume");
      expect(stderr).not.toContain("This was loaded already");
    }
  });

  it.each<[readonly string[], RegExp]>([
    [["--resources", "LNU"], /resources: "LNU" is no name .* Did you mean "LUN"/],
    [["--metrics", "iosp"], /metrics: "iosp" is no name of the id tables/],
    [["--metrics", "zzzzzz"], /"zzzzzz" is no name of the id tables\. Give an id, a name as/],
    [["--label", "a=1", "--label", "a=2"], /There is a value for "a" already: "1"/],
    [["--limit", "ratio=x"], /Give a name and a whole number/],
    [["--limit", "rato=5"], /There is no limit "rato"; there are packedBytes, /],
    [["--limit", "ratio=0"], /limits\.ratio: give 1 or more, not 0/],
    [["-"], /Standard input cannot be read; name a file/],
    [["--from", "yesterday"], /--from: "yesterday" is no time/],
    [["--from", "2025-10-21", "--to", "2025-10-20"], /--to: 2025-10-20 is not after 2025-10-21/],
    [["--label", "site"], /'--label <name=value>' argument 'site' is invalid/],
    [["--label", "SN=x"], /every series has a label "SN" already/],
    [["--rename-label", "Elment=e"], /no series has a label "Elment"\. Did you mean "Element"/],
    [["--naming", "plain"], /Allowed choices are seed, clean/],
    [["--id-tables", "no.json"], /--id-tables: \S+no\.json cannot be read: ENOENT/],
    [["--metrics", "22", "--default-metrics"], /cannot be used with option '--metrics/],
  ])("refuses %j", async (args, problem) => {
    const { path } = await folder.archive("refused.zip");
    const { code, stderr } = await run(path, "--no-vm", "--csv", "refused.csv", ...args);
    expect(stderr).toMatch(problem);
    expect(code).toBe(2);
  });
});
