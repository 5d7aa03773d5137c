import { findVictoriaMetrics, startVictoriaMetrics } from "@millrace/vm-sink/server";
import { describe, expect, it } from "vitest";
import { testFolder } from "../test/archives.ts";
import { type Finished, millrace } from "../test/run-millrace.ts";

const folder = testFolder();
const run = (...args: readonly string[]): Promise<Finished> =>
  millrace(["ingest", ...args], { cwd: folder.path() });
const installed = (await findVictoriaMetrics()) !== undefined;
if (!installed) process.stdout.write("skipped skip-existing.real.test.ts: no VictoriaMetrics\n");

describe.skipIf(!installed)("millrace ingest --skip-existing", () => {
  it("loads what is new, and passes over what the database holds", async () => {
    await using database = await startVictoriaMetrics();
    const load = (...args: readonly string[]): Promise<Finished> =>
      run(...args, "--vm-url", database.url, "--skip-existing");
    const first = await folder.archive("first.zip");
    const second = await folder.archive("second.zip");
    expect((await load(first.path, "--no-checkpoint")).code).toBe(0);
    const both = await load(first.path, second.path, "--no-checkpoint", "--verify");
    expect(both.stderr).toContain(
      `Skipped: ${first.path}, of which the database holds every sample.`,
    );
    expect(both.stdout).toContain("3,300 read, 3,300 accepted");
    expect(both.stdout).toContain(`${second.serial}: the database holds all 3,300 samples`);
    const none = await load(first.path, second.path);
    expect(none.stderr).toContain("Nothing is left to load.");
    expect({ code: none.code, stdout: none.stdout }).toEqual({ code: 0, stdout: "" });
  });

  it("goes by the note of an earlier load, and that alone with a selection", async () => {
    await using database = await startVictoriaMetrics();
    const { path } = await folder.archive("noted.zip");
    const load = (...args: readonly string[]): Promise<Finished> =>
      run(path, "--vm-url", database.url, "--skip-existing", ...args);
    expect((await load("--resources", "LUN")).stdout).toMatch(/^Loaded\./);
    expect((await load("--resources", "LUN")).stderr).toMatch(/which was loaded, as \S+ says/);
    expect((await load("--resources", "Controller")).stdout).toMatch(/^Loaded\./);
  });

  it("loads again what is there in part or twice", async () => {
    await using database = await startVictoriaMetrics();
    const { path } = await folder.archive("twice.zip");
    const load = (...args: readonly string[]): Promise<Finished> =>
      run(path, "--vm-url", database.url, "--no-checkpoint", ...args);
    expect((await load("--to", "2025-10-20T00:30")).code).toBe(0);
    expect((await load("--skip-existing")).stdout).toMatch(/^Loaded\./);
  });

  it.each<[readonly string[], RegExp]>([
    [["x", "--no-vm", "--csv", "x.csv"], /--skip-existing can only be used with a database/],
    [["x", "--restart"], /--skip-existing cannot be used with --restart/],
    [["no.zip"], /no\.zip does not exist/],
  ])("refuses %j", async (args, problem) => {
    const { code, stderr } = await run(...args, "--skip-existing");
    expect(stderr).toMatch(problem);
    expect(code).toBe(2);
  });
});
