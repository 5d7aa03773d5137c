import { spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { access, mkdir, readFile, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { testFolder } from "../test/archives.ts";
import { sinkPlugin } from "../test/plugin.ts";
import { type Finished, MILLRACE, millrace, startMillrace } from "../test/run-millrace.ts";

const folder = testFolder();
const run = (...args: readonly string[]): Promise<Finished> =>
  millrace(["ingest", ...args], { cwd: folder.path() });
const isThere = (name: string): Promise<boolean> =>
  access(folder.path(name)).then(
    () => true,
    () => false,
  );

describe("millrace ingest, what it writes", () => {
  it.each([
    ["a folder", "folder", "is a folder"],
    ["a device", "/dev/full", "is no ordinary file"],
    ["nothing", "", "name the file to write"],
    ["a path without a folder", "no/such/r.json", "there is no folder"],
    ["a file in the input", "folder/r.json", "lies in the input"],
    ["the input", "folder/checked.zip", "is an input"],
  ])("is checked before anything is loaded: --report as %s", async (_, path, problem) => {
    await mkdir(folder.path("folder"), { recursive: true });
    const { path: archive } = await folder.archive("folder/checked.zip");
    const before = await readFile(archive);
    await writeFile(folder.path("told.ts"), sinkPlugin({ open: 'mkdirSync("opened");' }));
    for (const option of ["--report", "--html"]) {
      const args = [archive, "folder", "--sink", "./told.ts", option, path];
      const { code, stdout, stderr } = await run(...args);
      expect(stderr).toContain(problem);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    }
    expect(await isThere("opened")).toBe(false);
    expect(await readFile(archive)).toEqual(before);
  });

  it("goes on after its reader has gone away, and the report is whole", async () => {
    const { path, samples } = await folder.archive("piped.zip", { filesPerController: 600 });
    const args = ["ingest", path, "--no-vm", "--html", "piped.html", "--json"];
    const { child, finished } = startMillrace([...args, "--report", "piped.json"], {
      cwd: folder.path(),
    });
    // As `| head -1` does.
    child.stdout?.once("data", () => child.stdout?.destroy());
    const { code, stdout, stderr } = await finished;
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^\{"type":"run-start"/);
    expect(stdout).not.toContain('"type":"report"');
    expect(JSON.parse(await readFile(folder.path("piped.json"), "utf8"))).toMatchObject({
      complete: true,
      samples: { accepted: samples },
    });
    expect(await isThere("piped.html")).toBe(true);
  });

  it("prints no control character of a name that was typed", async () => {
    const { path } = await folder.archive("\u001b[31mred\n.zip");
    const args = [path, "--no-vm", "--csv", `${path}.csv`, "--json"];
    for (const all of [args.slice(0, 4), args, ["--\u001b[2J"], [`${path}\u009bno`]]) {
      const { stdout, stderr } = await run(...all);
      expect(stdout + stderr).not.toMatch(/[^\P{Cc}\n]/u);
      expect(stdout + stderr).toMatch(/u001b\[(31mred|2J)/);
    }
  });

  it.skipIf(!existsSync("/dev/full"))("says that what it printed found no room", async () => {
    const { path } = await folder.archive("full.zip");
    const full = openSync("/dev/full", "w");
    for (const args of [
      ["inspect", path],
      ["ingest", path, "--no-vm", "--csv", "full.csv"],
    ]) {
      const { status, stderr } = spawnSync(process.execPath, [MILLRACE, ...args], {
        cwd: folder.path(),
        encoding: "utf8",
        stdio: ["ignore", full, "pipe"],
      });
      expect(stderr).toMatch(/millrace: Not all was printed: ENOSPC/);
      expect(status).toBe(1);
    }
    closeSync(full);
  });

  it.each<[string, readonly string[]]>([
    ["the summary", []],
    ["the report on standard output", ["--json"]],
    ["nothing but the problem", ["--quiet"]],
  ])("prints %s although the report cannot be written in the end", async (_, args) => {
    const { path } = await folder.archive("unreported.zip");
    // What lies in its way appears only during the load.
    const sink = sinkPlugin({ open: "mkdirSync(options.path, { recursive: true });" });
    await writeFile(folder.path("obstacle.ts"), sink);
    const name = `report${args.join("")}.json`;
    const { code, stdout, stderr } = await run(
      ...[path, "--sink", "./obstacle.ts", "--sink-option", `path=${name}`],
      ...["--report", name, ...args],
    );
    expect(code).toBe(1);
    expect(stderr).toContain(
      `millrace: --report: ${folder.path(name)} was not written: EISDIR: illegal operation`,
    );
    const expected: Record<string, RegExp> = {
      "--json": /"type":"report","report":\{"complete":true/,
      "--quiet": /^$/,
    };
    expect(stdout).toMatch(expected[args.join()] ?? /^Loaded\.\n\n {2}files +8 of 8 ok\n/);
  });

  it("loads everything although the page cannot be written in the end", async () => {
    const { path, samples } = await folder.archive("unpaged.zip");
    await mkdir(folder.path("pages"));
    const sink = sinkPlugin({ write: 'rmSync("pages", { recursive: true, force: true });' });
    await writeFile(folder.path("remover.ts"), sink);
    const { code, stdout, stderr } = await run(
      ...[path, "--sink", "./remover.ts", "--html", "pages/p.html", "--report", "unpaged.json"],
    );
    expect(code).toBe(1);
    expect(stdout).toMatch(/^Loaded\.\n/);
    expect(stdout).toContain("3,300 read, 3,300 accepted");
    expect(stderr).toContain('millrace: The run goes on without sink "html-report": ');
    expect(stderr).toContain(`millrace: --html: ${folder.path("pages/p.html")} was not written: `);
    expect(JSON.parse(await readFile(folder.path("unpaged.json"), "utf8"))).toMatchObject({
      complete: true,
      files: { ok: 8, failed: [] },
      samples: { accepted: samples },
      warnings: [expect.stringContaining('goes on without sink "html-report"')],
    });
  });

  it("fails the load where the page is all that there is to write", async () => {
    const { path } = await folder.archive("page-alone.zip");
    const { code, stderr } = await run(path, "--no-vm", "--html", "no/such/p.html");
    expect(stderr).toContain("--html: there is no folder");
    expect(code).toBe(2);
  });
});
