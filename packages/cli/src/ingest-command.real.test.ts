import { readdir, readFile, writeFile } from "node:fs/promises";
import type { VictoriaMetricsServer } from "@millrace/vm-sink/server";
import { findVictoriaMetrics, startVictoriaMetrics } from "@millrace/vm-sink/server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testFolder } from "../test/archives.ts";
import { type Fate, startProxy, verificationWatch } from "../test/proxy.ts";
import { type Finished, millrace, startMillrace } from "../test/run-millrace.ts";
import type { CommandReport } from "./report-text.ts";

const missing = (await findVictoriaMetrics())
  ? undefined
  : "VictoriaMetrics is not installed: apt-get install victoria-metrics";
if (missing !== undefined) {
  process.stdout.write(`skipped ingest-command.real.test.ts: ${missing}\n`);
}

describe.skipIf(missing !== undefined)("millrace ingest, into a real database", () => {
  const folder = testFolder();
  let database: VictoriaMetricsServer;

  beforeAll(async () => {
    database = await startVictoriaMetrics();
  });
  afterAll(async () => {
    await database?.stop();
  });

  const load = (...args: readonly string[]): Promise<Finished> =>
    millrace(["ingest", ...args], { cwd: folder.path() });
  const loadHere = (...args: readonly string[]): Promise<Finished> =>
    load(...args, "--vm-url", database.url);
  const reportAt = async (name: string): Promise<CommandReport> =>
    JSON.parse(await readFile(folder.path(name), "utf8"));

  /** Samples that the database exports for one array. */
  const held = async (serial: string): Promise<number> => {
    await fetch(`${database.url}/internal/force_flush`);
    const match = encodeURIComponent(`{SN="${serial}"}`);
    const answer = await fetch(`${database.url}/api/v1/export?match[]=${match}`);
    const lines = (await answer.text()).trim();
    if (lines === "") return 0;
    return lines
      .split("\n")
      .reduce((sum, line) => sum + (JSON.parse(line) as { values: number[] }).values.length, 0);
  };

  it("loads an archive, says what it did, and the samples are there", async () => {
    const archive = await folder.archive("whole.zip");
    const { code, stdout, stderr } = await loadHere(archive.path, "--verify");
    expect(stderr).not.toContain("millrace:");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Loaded\.\n/);
    expect(stdout).toContain(`${archive.files} of ${archive.files} ok`);
    expect(stdout).toContain("3,300 read, 3,300 accepted, 3,300 durable");
    expect(stdout).toContain(`${archive.serial}: the database holds all 3,300 samples`);
    expect(await held(archive.serial)).toBe(archive.samples);
  });

  it("takes inputs as -i, too, and a relative path", async () => {
    const first = await folder.archive("first.zip");
    const second = await folder.archive("second.zip");
    const { code } = await loadHere("-i", "first.zip", "second.zip", "--quiet");
    expect(code).toBe(0);
    expect(await held(first.serial)).toBe(first.samples);
    expect(await held(second.serial)).toBe(second.samples);
  });

  it("takes a full import URL", async () => {
    const archive = await folder.archive("import-url.zip");
    const url = `${database.url}/api/v1/import/prometheus`;
    expect((await load(archive.path, "--quiet", "--vm-url", url)).code).toBe(0);
    expect(await held(archive.serial)).toBe(archive.samples);
  });

  it("sends the user in the URL and never prints it", async () => {
    const archive = await folder.archive("secret.zip");
    await using proxy = await startProxy(database.url, () => "pass");
    const url = proxy.url.replace("http://", "http://keeper:hush-hush@");
    const good = await load(archive.path, "--json", "--verify", "--monitor", "--vm-url", url);
    expect(good.code, good.stderr + good.stdout.slice(-3_000)).toBe(0);
    expect(proxy.authorization).toBe(`Basic ${Buffer.from("keeper:hush-hush").toString("base64")}`);
    const down = await load(archive.path, "--vm-url", "http://keeper:hush-hush@127.0.0.1:9");
    const wrong = await load(archive.path, "--vm-url", "gopher://keeper:hush-hush@127.0.0.1");
    expect(down.code).toBe(1);
    expect(wrong.code).toBe(2);
    for (const { stdout, stderr } of [good, down, wrong]) {
      expect(stdout + stderr).not.toContain("hush-hush");
      expect(stdout + stderr).not.toContain(Buffer.from("keeper:hush-hush").toString("base64"));
    }
  });

  it("fails with 1 and names the address when the database is down", async () => {
    const archive = await folder.archive("down.zip");
    const { code, stdout, stderr } = await load(archive.path, "--vm-url", "http://127.0.0.1:9");
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(
      /^millrace: Cannot reach the database at http:\/\/127\.0\.0\.1:9: .*Is it running\?\n$/,
    );
  });

  it("prints nothing at all with --quiet when all is well", async () => {
    const archive = await folder.archive("quiet.zip");
    const { code, stdout, stderr } = await loadHere(archive.path, "--quiet");
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  it("ends with 1 for damaged files, loads the others, and lists the damage even with --quiet", async () => {
    const archive = await folder.archive("damaged.zip", {
      faults: [
        { kind: "truncated-second-header", file: 1 },
        { kind: "corrupt-gzip", file: 3 },
      ],
    });
    const { code, stdout, stderr } = await loadHere(
      archive.path,
      "--quiet",
      "--report",
      "damaged.json",
    );
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^millrace: not everything was loaded\.\n/);
    expect(stderr).toMatch(/Failed:\n {4}\S+damaged\.zip!\S+\.tgz: .*no intact gzip/);
    expect(stderr).toMatch(/Partly read:\n {4}\S+damaged\.zip!\S+\.tgz: .*declares/);
    const { complete, files, samples } = await reportAt("damaged.json");
    expect(complete).toBe(false);
    expect(files).toMatchObject({ total: 8, ok: 6, skipped: [] });
    expect([files.partial.length, files.failed.length]).toEqual([1, 1]);
    expect(samples).toMatchObject({ parsed: archive.samples, accepted: archive.samples });
  });

  it("ends with 0 for files that are left out on purpose", async () => {
    const archive = await folder.archive("copies.zip", {
      faults: [
        { kind: "macosx", file: 0 },
        { kind: "duplicate-copy", file: 1 },
      ],
    });
    const { code, stdout } = await loadHere(archive.path);
    expect(code).toBe(0);
    expect(stdout).toContain("8 of 10 ok, 2 skipped");
    expect(stdout).toMatch(/Skipped:\n.*__MACOSX.*\n.*An equal copy of/);
    expect(await held(archive.serial)).toBe(archive.samples);
  });

  it("ends with 1 when one of two inputs is broken, loads the other, and reports the broken one", async () => {
    const archive = await folder.archive("sound.zip");
    await writeFile(folder.path("broken.zip"), "PK, but nothing else");
    const { code, stdout } = await loadHere("broken.zip", archive.path, "--report", "two.json");
    expect(code).toBe(1);
    expect(stdout).toMatch(/^Loaded, but not everything\.\n/);
    const { files } = await reportAt("two.json");
    expect(files.ok).toBe(archive.files);
    expect(files.failed.map(({ file }) => file)).toEqual([folder.path("broken.zip")]);
    expect(await held(archive.serial)).toBe(archive.samples);
  });

  it("says what a file is not, once", async () => {
    await writeFile(folder.path("letter.txt"), "Dear reader");
    const { code, stdout } = await loadHere("letter.txt");
    expect(code).toBe(1);
    expect(stdout).toContain(
      `Failed:\n    ${folder.path("letter.txt")} is no archive that is known here;`,
    );
  });

  it("writes a report with every promised field", async () => {
    const archive = await folder.archive("report.zip", {
      sharedNameIds: true,
      unknownMetricIds: [99_001],
      unknownResourceIds: [7_777],
      faults: [
        { kind: "corrupt-gzip", file: 0 },
        { kind: "duplicate-copy", file: 1 },
      ],
    });
    await loadHere(archive.path, "--report", "report.json", "--verify", "--quiet");
    const report = await reportAt("report.json");
    const note = { file: expect.stringContaining("report.zip!"), problems: [expect.any(String)] };
    const startMs = Date.UTC(2025, 9, 20);
    expect(report).toEqual({
      complete: false,
      files: {
        total: 9,
        ok: 7,
        partial: [],
        failed: [note],
        skipped: [note],
        counts: { partial: 0, failed: 1, skipped: 1 },
      },
      samples: {
        parsed: archive.samples,
        accepted: archive.samples,
        durable: archive.samples,
        filtered: 0,
        rejected: 0,
      },
      series: expect.any(Number),
      unknown: { metrics: [99_001], resources: [7_777] },
      sharedNames: [
        { resource: "Controller", series: expect.stringMatching(/^huawei_/), metricIds: [18, 67] },
      ],
      warnings: [],
      bytes: expect.any(Number),
      elapsedMs: expect.any(Number),
      cpuMs: expect.any(Number),
      peakRssBytes: expect.any(Number),
      database: {
        version: null,
        cpuMs: expect.any(Number),
        ceilingRatio: expect.any(Number),
        samplesPerSecond: expect.any(Number),
        acceptedMs: expect.any(Number),
        durableMs: expect.any(Number),
        requests: expect.any(Number),
        sentBytes: expect.any(Number),
        retries: 0,
      },
      arrays: [
        {
          serial: archive.serial,
          model: "OceanStor_Dorado_3000_V6",
          controllers: ["SP0", "SP1"],
          timeRangeMs: [startMs, startMs + 59 * 60_000],
          intervalSeconds: 60,
          intervals: [60],
          samples: archive.samples,
          series: report.series,
        },
      ],
      outputs: [],
      dryRun: false,
      verified: [
        {
          serial: archive.serial,
          sent: archive.samples,
          before: 0,
          found: archive.samples,
          missing: 0,
          extra: 0,
          verdict: "complete",
        },
      ],
    });
    expect(report.bytes).toBeGreaterThan(1_000);
    expect(report.peakRssBytes).toBeGreaterThan(20e6);
    expect(Number.isInteger(report.elapsedMs)).toBe(true);
  });

  it("prints NDJSON with --json, from run-start over run-done to the report", async () => {
    const archive = await folder.archive("events.zip");
    const { code, stdout, stderr } = await loadHere(archive.path, "--json");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const lines = stdout.trimEnd().split("\n");
    const events = lines.map(
      (line) => JSON.parse(line) as { type: string; report?: CommandReport },
    );
    expect(events.at(0)?.type).toBe("run-start");
    expect(events.at(-2)?.type).toBe("run-done");
    expect(events.at(-1)?.type).toBe("report");
    expect(events.at(-1)?.report?.samples.accepted).toBe(archive.samples);
    for (const type of ["origin-read", "origin-accept", "origin-durable"]) {
      expect(events.filter((event) => event.type === type)).toHaveLength(archive.files);
    }
  });

  it("ends its NDJSON with run-error and the report when the run fails", async () => {
    const archive = await folder.archive("events-down.zip");
    const { code, stdout } = await load(archive.path, "--json", "--vm-url", "http://127.0.0.1:9");
    expect(code).toBe(1);
    const events = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(events.map(({ type }) => type)).toEqual(["run-start", "run-error", "report"]);
    expect(events[1].error).toMatchObject({ code: "REMOTE_FAILED" });
    expect(events[2].report).toMatchObject({ complete: false, files: { total: 0 } });
  });

  it("sends nothing in a dry run, and works without a database", async () => {
    const archive = await folder.archive("dry.zip");
    const there = await loadHere(archive.path, "--dry-run");
    expect(there.code).toBe(0);
    expect(there.stdout).toMatch(/^Dry run: everything can be sent\.\n/);
    expect(there.stdout).toMatch(/to send +1 request, /);
    expect(await held(archive.serial)).toBe(0);
    const alone = await load(archive.path, "--dry-run", "--vm-url", "http://127.0.0.1:9");
    expect(alone.code).toBe(0);
    expect(alone.stdout).toContain("! Checking without a database: Cannot reach");
  });

  it("leaves out what --default-metrics leaves out, and counts it", async () => {
    const archive = await folder.archive("filtered.zip");
    const { code } = await loadHere(archive.path, "--default-metrics", "--report", "filtered.json");
    expect(code).toBe(0);
    const { samples } = await reportAt("filtered.json");
    expect(samples.filtered).toBeGreaterThan(0);
    expect(samples.parsed + samples.filtered).toBe(archive.samples);
    expect(await held(archive.serial)).toBe(samples.parsed);
    const both = await loadHere(archive.path, "--default-metrics", "--all-metrics");
    expect(both.code).toBe(2);
    expect(both.stderr).toContain("cannot be used with");
  });

  it("sends smaller requests with --batch-size, over any number of connections and workers", async () => {
    const archive = await folder.archive("batches.zip");
    const { code } = await loadHere(
      ...[archive.path, "--batch-size", "500", "--connections", "2", "-w", "4"],
      ...["--verify", "--report", "batches.json"],
    );
    expect(code).toBe(0);
    const { database: cost } = await reportAt("batches.json");
    expect(cost?.requests).toBeGreaterThanOrEqual(archive.samples / 500);
    expect(await held(archive.serial)).toBe(archive.samples);
  });

  it("writes the page of --html beside the database, and alone with --no-vm", async () => {
    const archive = await folder.archive("page.zip");
    const both = await loadHere(archive.path, "--html", "both.html");
    expect(both.code).toBe(0);
    expect(both.stdout).toContain(`${folder.path("both.html")} (`);
    expect(await held(archive.serial)).toBe(archive.samples);
    const alone = await load(archive.path, "--no-vm", "--html", "alone.html");
    expect(alone.code).toBe(0);
    for (const name of ["both.html", "alone.html"]) {
      const page = await readFile(folder.path(name), "utf8");
      expect(page).toContain("<!doctype html>");
      expect(page).toContain(archive.serial);
    }
  });

  it("sees with --verify what an earlier load left", async () => {
    const archive = await folder.archive("twice.zip");
    expect((await loadHere(archive.path, "--verify", "--quiet")).code).toBe(0);
    const again = await loadHere(archive.path, "--verify", "--report", "twice.json");
    expect(again.code).toBe(0);
    expect(again.stdout).toContain("holds all 3,300 samples, beside 3,300 that it held before");
    expect((await reportAt("twice.json")).verified).toMatchObject([
      { missing: 0, before: 3_300, found: 6_600, verdict: "complete" },
    ]);
  });

  it("sees with --verify what was accepted and is not there", async () => {
    const archive = await folder.archive("lossy.zip");
    const series = encodeURIComponent(`{SN="${archive.serial}",Resource="LUN"}`);
    const isVerification = verificationWatch();
    await using proxy = await startProxy(
      database.url,
      () => "pass",
      async (path): Promise<Fate> => {
        if (isVerification(path)) {
          await fetch(`${database.url}/api/v1/admin/tsdb/delete_series?match[]=${series}`);
        }
        return "pass";
      },
    );
    const args = [archive.path, "--vm-url", proxy.url, "--verify"];
    const { code, stdout } = await load(...args, "--report", "lossy.json");
    expect(code).toBe(1);
    expect(stdout).toMatch(/^Loaded, but the database does not hold everything\.\n/);
    expect(stdout).toMatch(/verified +\S+: [\d,]+ of 3,300 samples are missing/);
    const { verified } = await reportAt("lossy.json");
    const gone = archive.samples - (await held(archive.serial));
    expect(verified?.[0]?.missing).toBe(gone);
    expect(gone).toBeGreaterThan(0);
  });

  it("tells at once when it has to try again, and loses nothing", async () => {
    const archive = await folder.archive("busy.zip");
    await using proxy = await startProxy(database.url, (number) =>
      number <= 2 ? "refuse" : "pass",
    );
    const args = [archive.path, "--vm-url", proxy.url, "--report", "busy.json"];
    const { code, stderr } = await load(...args);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^millrace: Trying again: .* answered 503/m);
    expect((await reportAt("busy.json")).database?.retries).toBe(2);
    expect(await held(archive.serial)).toBe(archive.samples);
  });

  it("prints its use of CPU and memory with --monitor", async () => {
    const archive = await folder.archive("monitor.zip");
    const { code, stderr } = await loadHere(archive.path, "--monitor", "--quiet");
    expect(code).toBe(0);
    expect(stderr).toMatch(/^monitor: in all cpu \d+ %, rss \d+ MB, .*peak rss \d+ MB$/m);
  });

  it("stops with 130 at SIGINT while the database hangs, and leaves nothing behind", async () => {
    const archive = await folder.archive("interrupted.zip");
    await using proxy = await startProxy(database.url, () => "hold");
    const args = ["ingest", archive.path, "--vm-url", proxy.url, "--html", "never.html"];
    const { child, finished } = startMillrace([...args, "--report", "interrupted.json"], {
      cwd: folder.path(),
    });
    await proxy.held;
    child.kill("SIGINT");
    const { code, signal, stdout, stderr } = await finished;
    expect({ code, signal }).toEqual({ code: 130, signal: null });
    expect(stderr).toContain("Stopping; once more stops at once.");
    expect(stdout).toMatch(/^Interrupted; nothing was loaded\.\n/);
    expect(stdout).toContain("8 not finished");
    expect(await reportAt("interrupted.json")).toMatchObject({
      complete: false,
      samples: { accepted: 0 },
    });
    expect((await readdir(folder.path())).filter((name) => name.includes("never"))).toEqual([]);
    const snapshots = await fetch(`${database.url}/snapshot/list`);
    expect(await snapshots.json()).toMatchObject({ snapshots: [] });
  });
});
