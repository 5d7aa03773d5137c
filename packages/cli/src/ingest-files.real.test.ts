import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { countSamples } from "@millrace/vm-sink";
import { findVictoriaMetrics, startVictoriaMetrics } from "@millrace/vm-sink/server";
import { describe, expect, it } from "vitest";
import { testFolder } from "../test/archives.ts";
import { sinkPlugin } from "../test/plugin.ts";
import { type Finished, millrace } from "../test/run-millrace.ts";
import type { CommandReport } from "./report-text.ts";

const folder = testFolder();
const run = (...args: readonly string[]): Promise<Finished> =>
  millrace(["ingest", ...args], { cwd: folder.path() });
const linesOf = (text: string): readonly string[] => text.trimEnd().split("\n");
const reportAt = async (name: string): Promise<CommandReport> =>
  JSON.parse(await readFile(folder.path(name), "utf8"));
const installed = (await findVictoriaMetrics()) !== undefined;
if (!installed) {
  process.stdout.write("skipped loads in ingest-files.real.test.ts: no VictoriaMetrics\n");
}

describe("millrace ingest, files", () => {
  it("writes CSV alone, a line a sample, and says so", async () => {
    const archive = await folder.archive("alone.zip");
    const { code, stdout } = await run(archive.path, "--no-vm", "--csv", "alone.csv");
    expect(code).toBe(0);
    const lines = linesOf(await readFile(folder.path("alone.csv"), "utf8"));
    expect(lines).toHaveLength(archive.samples);
    expect(lines[0]?.split(";")).toHaveLength(8);
    expect(lines[0]).toContain(`;${archive.serial};60`);
    expect(stdout).toMatch(/^ {2}csv +\S+alone\.csv \(3,300 samples, \d\.\d MB\)$/m);
  });

  it("packs with --gzip and by the name, and names what it packs", async () => {
    const archive = await folder.archive("packed.zip");
    const args = ["--no-vm", "--gzip", "--csv", "packed.csv", "--wide-csv", "tables"];
    const { code } = await run(archive.path, ...args, "--report", "packed.json");
    expect(code).toBe(0);
    const text = gunzipSync(await readFile(folder.path("packed.csv.gz"))).toString();
    expect(linesOf(text)).toHaveLength(archive.samples);
    const names = await readdir(folder.path("tables"));
    expect(names).toContain("lun_output.csv.gz");
    expect(names.every((name) => name.endsWith(".csv.gz"))).toBe(true);
    const { outputs } = await reportAt("packed.json");
    expect(outputs).toEqual([
      {
        option: "--csv",
        path: folder.path("packed.csv.gz"),
        sizeBytes: expect.any(Number),
        samples: archive.samples,
      },
      {
        option: "--wide-csv",
        path: folder.path("tables"),
        sizeBytes: expect.any(Number),
        samples: archive.samples,
        files: names.length,
      },
    ]);
    const again = await run(archive.path, "--no-vm", "--csv", "named.csv.gz", "--quiet");
    expect(again).toMatchObject({ code: 0, stdout: "", stderr: "" });
    expect((await readFile(folder.path("named.csv.gz"))).subarray(0, 2)).toEqual(
      Buffer.from([0x1f, 0x8b]),
    );
  });

  it.skipIf(!installed)("writes all of them beside the database", async () => {
    await using database = await startVictoriaMetrics();
    const archive = await folder.archive("beside.zip");
    const args = [
      "--html",
      "b.html",
      "--csv",
      "b.csv",
      "--wide-csv",
      "b",
      "--parquet",
      "b.parquet",
    ];
    const { code, stdout, stderr } = await run(
      ...[archive.path, "--vm-url", database.url, "--verify", ...args, "--report", "b.json"],
    );
    expect(stderr).not.toContain("millrace:");
    expect(code).toBe(0);
    for (const name of ["report", "csv", "wide-csv", "parquet"]) {
      expect(stdout).toMatch(new RegExp(`^ {2}${name} +\\S`, "m"));
    }
    const { samples, outputs } = await reportAt("b.json");
    expect(samples).toMatchObject({ accepted: archive.samples, durable: archive.samples });
    expect(outputs.map((output) => output.samples)).toEqual([
      undefined,
      ...[archive.samples, archive.samples, archive.samples],
    ]);
    const parquet = await readFile(folder.path("b.parquet"));
    expect(parquet.subarray(0, 4).toString()).toBe("PAR1");
    const { serial } = archive;
    const count = await countSamples({
      url: database.url,
      labels: { SN: serial },
      fromMs: Date.UTC(2025, 9, 1),
      toMs: Date.UTC(2025, 10, 1),
    });
    expect(count).toBe(archive.samples);
  });

  it("loads everything although a file cannot be written in the end", async () => {
    const { path } = await folder.archive("unwritten.zip");
    await mkdir(folder.path("gone"));
    const sink = sinkPlugin({ write: 'rmSync("gone", { recursive: true, force: true });' });
    await writeFile(folder.path("remover.ts"), sink);
    const args = ["--sink", "./remover.ts", "--csv", "gone/x.csv", "--parquet", "kept.parquet"];
    const { code, stdout, stderr } = await run(path, ...args);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^Loaded\.\n/);
    expect(stdout).toContain("kept.parquet (3,300 samples");
    expect(stderr).toContain(`millrace: --csv: ${folder.path("gone/x.csv")} was not written: `);
  });

  it.each<[readonly string[], RegExp]>([
    [["--no-vm", "--csv", "no/x.csv"], /--csv: there is no folder/],
    [["--no-vm", "--parquet", "."], /--parquet: .* is a folder; name a file in it/],
    [["--no-vm", "--wide-csv", "no/such"], /--wide-csv: there is no folder/],
    [["--no-vm", "--wide-csv", "inputs"], /--wide-csv: .* is an input; name another folder/],
    [["--no-vm", "--wide-csv", "inputs/t"], /--wide-csv: .* lies in the input/],
    [["--no-vm", "--wide-csv", "inputs/in.zip"], /--wide-csv: .* is no folder/],
    [["--no-vm", "--csv", "x", "--parquet", "x"], /--parquet: .* is what --csv writes/],
    [["--no-vm", "--parquet", "x", "--gzip"], /--gzip needs --csv <file> or --wide-csv <folder>/],
    [["--no-vm", "--csv", ""], /csv: name the file to write/],
    [["--no-vm", "--csv", "x", "--resume"], /--resume can only be used with a database/],
  ])("refuses %j before anything is read", async (args, problem) => {
    await mkdir(folder.path("inputs"), { recursive: true });
    await folder.archive("inputs/in.zip");
    const { code, stdout, stderr } = await run("inputs", ...args);
    expect(stderr).toMatch(problem);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });
});
