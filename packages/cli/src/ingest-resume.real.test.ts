import { appendFile, readFile, rm, writeFile } from "node:fs/promises";
import type { VictoriaMetricsServer } from "@millrace/vm-sink/server";
import { findVictoriaMetrics, startVictoriaMetrics } from "@millrace/vm-sink/server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestArchive, testFolder } from "../test/archives.ts";
import { startProxy } from "../test/proxy.ts";
import { millrace, startMillrace } from "../test/run-millrace.ts";

const missing = (await findVictoriaMetrics())
  ? undefined
  : "VictoriaMetrics is not installed: apt-get install victoria-metrics";
if (missing !== undefined) {
  process.stdout.write(`skipped ingest-resume.real.test.ts: ${missing}\n`);
}

describe.skipIf(missing !== undefined)("millrace ingest that broke off", () => {
  const folder = testFolder();
  let database: VictoriaMetricsServer;

  beforeAll(async () => {
    database = await startVictoriaMetrics();
  });
  afterAll(async () => {
    await database?.stop();
  });

  const ingest = ({ path }: TestArchive, ...args: readonly string[]) =>
    millrace(["ingest", path, "--vm-url", database.url, ...args], { cwd: folder.path() });
  const held = async ({ serial }: TestArchive): Promise<number> => {
    await fetch(`${database.url}/internal/force_flush`);
    const selector = `{SN="${serial}",a!="${Math.random()}"}`;
    const parameters = new URLSearchParams({ "match[]": selector, start: "0" });
    const text = await (await fetch(`${database.url}/api/v1/export?${parameters}`)).text();
    return text
      .split("\n")
      .filter(Boolean)
      .reduce((sum, line) => sum + JSON.parse(line).values.length, 0);
  };
  /** Starts a load that cannot come to its end, and kills it once some of it is in the database. */
  async function cutOff(archive: TestArchive, ...args: readonly string[]): Promise<void> {
    await using proxy = await startProxy(database.url, (number) => (number <= 3 ? "pass" : "hold"));
    const { child, finished } = startMillrace(
      ["ingest", archive.path, "--vm-url", proxy.url, "--batch-size", "300", ...args],
      { cwd: folder.path() },
    );
    await proxy.held;
    child.kill("SIGKILL");
    await finished;
  }

  it("goes on with --checkpoint, says so, and leaves every sample once", async () => {
    const archive = await folder.archive("cut.zip");
    const checkpoint = ["--checkpoint", folder.path("cut.checkpoint")];
    let isOpen = false;
    await using proxy = await startProxy(database.url, (number) =>
      isOpen || number <= 3 ? "pass" : "hold",
    );
    const { child, finished } = startMillrace(
      ["ingest", archive.path, "--vm-url", proxy.url, "--batch-size", "300", ...checkpoint],
      { cwd: folder.path() },
    );
    await proxy.held;
    const second = await millrace(["ingest", archive.path, "--vm-url", proxy.url, ...checkpoint]);
    expect(second.code).toBe(2);
    expect(second.stderr).toContain(`cut.checkpoint is in use by process ${child.pid}`);
    child.kill("SIGKILL");
    await finished;
    await expect.poll(() => held(archive)).toBeGreaterThan(0);

    const elsewhere = await ingest(archive, ...checkpoint);
    expect(elsewhere.code).toBe(2);
    expect(elsewhere.stderr).toContain(`unfinished load into ${proxy.url}`);
    isOpen = true;
    const args = ["ingest", archive.path, "--vm-url", proxy.url, ...checkpoint];
    const resumed = await millrace(args);
    expect(resumed).toMatchObject({ code: 0 });
    expect(resumed.stderr).toContain("Going on where a load of the same inputs broke off");
    expect(resumed.stdout).toMatch(/resumed +[\d,]+ samples were there already/);
    expect(await held(archive)).toBe(archive.samples);

    const done = await millrace([...args, "--resume"]);
    expect(done).toMatchObject({ code: 0, stdout: "" });
    expect(done.stderr).toContain("This was loaded already");
    expect(await held(archive)).toBe(archive.samples);
    expect((await millrace([...args, "--restart"])).code).toBe(0);
    expect(await held(archive)).toBe(2 * archive.samples);
  });

  it("starts anew with --restart or --no-checkpoint", async () => {
    const archive = await folder.archive("anew.zip");
    await cutOff(archive, "--no-checkpoint");
    const before = await held(archive);
    expect((await ingest(archive)).code).toBe(0);
    expect(await held(archive)).toBe(before + archive.samples);
  });

  it("refuses to go on when the archive or the database is another", async () => {
    const archive = await folder.archive("changed.zip");
    const checkpoint = ["--checkpoint", folder.path("changed.checkpoint")];
    await using proxy = await startProxy(database.url, (number) => (number <= 5 ? "pass" : "hold"));
    const start = ["ingest", archive.path, "--vm-url", proxy.url, ...checkpoint];
    const { child, finished } = startMillrace([...start, "--batch-size", "300"]);
    await proxy.held;
    child.kill("SIGKILL");
    await finished;
    const copy = await readFile(archive.path);
    await appendFile(archive.path, "\0");
    const changed = await millrace(start);
    expect(changed.code).toBe(2);
    expect(changed.stderr).toContain("of other data: the archive or a setting has changed since");
    await writeFile(archive.path, copy);
    await rm(archive.path);
    const gone = await millrace(start);
    expect(gone.code).toBe(2);
    expect(gone.stderr).toContain("does not exist");
  });

  it.each<[string, readonly string[], RegExp]>([
    ["a plugin", ["--sink", "./x.ts", "--resume"], /--resume can only be used with a database/],
    ["a page alone", ["--no-vm", "--html", "x.html", "--resume"], /--resume can only be used/],
    ["a dry run", ["--dry-run", "--checkpoint", "x"], /--checkpoint cannot be used with --dry-run/],
    ["no checkpoint", ["--no-checkpoint", "--restart"], /cannot be used with --no-checkpoint/],
  ])("refuses to go on with %s", async (_what, args, message) => {
    const archive = await folder.archive("refused.zip");
    const { code, stderr } = await millrace(["ingest", archive.path, ...args], {
      cwd: folder.path(),
    });
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });
});

describe.skipIf(missing !== undefined)("millrace replay", () => {
  const folder = testFolder();
  let database: VictoriaMetricsServer;

  beforeAll(async () => {
    database = await startVictoriaMetrics();
  });
  afterAll(async () => {
    await database?.stop();
  });

  it("sends the lines of a file, and names those that are none", async () => {
    const line = { metric: { __name__: "replayed" }, values: [1, 2], timestamps: [1e12, 1e12 + 1] };
    await writeFile(folder.path("dead.ndjson"), `${JSON.stringify(line)}\nnonsense\n`);
    const run = await millrace(["replay", folder.path("dead.ndjson"), "--vm-url", database.url]);
    expect(run).toMatchObject({ code: 1, stdout: "2 samples accepted.\n" });
    expect(run.stderr).toContain("Line 2 is none of VictoriaMetrics' JSON lines: nonsense");
    await fetch(`${database.url}/internal/force_flush`);
    const answer = await fetch(
      `${database.url}/api/v1/export?match[]=${encodeURIComponent('{__name__="replayed"}')}&start=0`,
    );
    expect(JSON.parse(await answer.text())).toMatchObject({ values: [1, 2] });
    expect((await millrace(["replay", "no.ndjson"])).code).toBe(2);
  });

  it.each<[readonly string[], RegExp]>([
    [["."], /\S+ is a folder; name the files in it\./],
    [["https://x/y"], /https:\/\/x\/y is a URL; replay reads files alone\./],
    [["twice.ndjson", "twice.ndjson"], /\S+twice\.ndjson is given twice\./],
    [["twice.ndjson", "--dead-letter", "no/x"], /--dead-letter: there is no folder \S+no /],
    [["twice.ndjson", "--dead-letter", "twice.ndjson"], /twice\.ndjson is an input; name another/],
  ])("refuses %j before anything is sent", async (args, problem) => {
    await writeFile(folder.path("twice.ndjson"), "");
    const { code, stderr } = await millrace(["replay", ...args], { cwd: folder.path() });
    expect(stderr).toMatch(problem);
    expect(code).toBe(2);
  });
});
