import { readFile, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { testFolder } from "../test/archives.ts";
import { NEVER, type PluginCode, sinkPlugin } from "../test/plugin.ts";
import { type Finished, millrace, type Running, startMillrace } from "../test/run-millrace.ts";

const folder = testFolder();
const run = (...args: readonly string[]): Promise<Finished> =>
  millrace(args, { cwd: folder.path() });
const start = (...args: readonly string[]): Running => startMillrace(args, { cwd: folder.path() });
const plugin = (name: string, code: PluginCode = {}): Promise<void> =>
  writeFile(folder.path(name), sinkPlugin(code));
/** Writes a word and then keeps busy for longer than any test. */
const busy = (word: string): string =>
  `process.stderr.write("${word}\\n"); await new Promise((done) => setTimeout(done, 1e6));`;

describe("millrace ingest --sink", () => {
  it("loads a TypeScript file from the working folder and gives it its options", async () => {
    const archive = await folder.archive("plugin.zip");
    await plugin("mine.ts", {
      write: 'appendFileSync(options.path, batch.values.length + "\\n");',
    });
    const args = ["--sink", "./mine.ts", "--sink-option", "path=counts.txt"];
    const { code, stdout } = await run("ingest", archive.path, ...args);
    expect(code).toBe(0);
    expect(stdout).toContain("3,300 read, 3,300 accepted");
    const counts = (await readFile(folder.path("counts.txt"), "utf8")).trim().split("\n");
    expect(counts.reduce((sum, count) => sum + Number(count), 0)).toBe(archive.samples);
  });

  it("writes the page beside a plugin, too", async () => {
    const archive = await folder.archive("beside.zip");
    await plugin("beside.ts");
    const args = ["--sink", "./beside.ts", "--html", "beside.html"];
    const { code, stdout, stderr } = await run("ingest", archive.path, ...args);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: "./beside.ts is a program; it runs with all your rights.\n",
    });
    expect(stdout).toContain("3,300 read, 3,300 accepted");
    expect(await readFile(folder.path("beside.html"), "utf8")).toContain(archive.serial);
  });

  it("reports what a plugin throws, by name, with 1", async () => {
    const archive = await folder.archive("throws.zip");
    await plugin("throws.ts", { write: 'throw new Error("disk full");' });
    const { code, stdout, stderr } = await run("ingest", archive.path, "--sink", "./throws.ts");
    expect(code).toBe(1);
    expect(stdout).toMatch(/^Not loaded\.\n/);
    expect(stderr).toContain('sink "mine" failed: disk full');
  });

  it.each([
    ["write", "write"],
    ["watermark$", "watermark$"],
    ["[Symbol.asyncDispose]", "[Symbol.asyncDispose]"],
  ])("names a sink whose writer has no %s", async (missing, member) => {
    const archive = await folder.archive("lacking.zip");
    await plugin("lacking.ts", { members: `${member}: undefined` });
    const { code, stderr } = await run("ingest", archive.path, "--sink", "./lacking.ts");
    expect(code).toBe(1);
    expect(stderr).toContain(`millrace: The writer of sink "mine" has no ${missing};`);
  });

  it("names a plugin that creates no sink", async () => {
    await plugin("empty.ts", { create: "return {};" });
    const { code, stderr } = await run("ingest", "x", "--sink", "./empty.ts");
    expect(code).toBe(1);
    expect(stderr).toContain('Plugin "./empty.ts" created a sink without name;');
  });

  it.each<[string, PluginCode, string]>([
    ["importing", { top: NEVER }, 'Plugin "./never.ts"'],
    ["create()", { create: NEVER }, 'Plugin "./never.ts"'],
    ["open()", { open: NEVER }, 'Sink "mine"'],
    ["write()", { write: NEVER }, 'Sink "mine"'],
    ["close()", { close: NEVER }, 'Sink "mine"'],
    ["write() and abort()", { write: NEVER, abort: NEVER }, 'Sink "mine"'],
  ])("names a plugin that never settles at %s, and ends with 1", async (_, code, who) => {
    const archive = await folder.archive("never.zip");
    await plugin("never.ts", code);
    const args = ["--sink", "./never.ts", "--quiet"];
    const finished = await run("ingest", archive.path, ...args);
    const message = `millrace: ${who} never settles: nothing is left that it could be waiting for.\n`;
    expect(finished.stderr.endsWith(message), finished.stderr).toBe(true);
    expect(finished).toMatchObject({ code: 1, signal: null, stdout: "" });
  });

  it("reports what was done until a plugin never settled", async () => {
    const archive = await folder.archive("stalled.zip");
    await plugin("stalled.ts", { close: NEVER });
    const args = ["--sink", "./stalled.ts", "--report", "stalled.json"];
    const { code, stdout } = await run("ingest", archive.path, ...args);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^Loaded only in part\.\n/);
    expect(JSON.parse(await readFile(folder.path("stalled.json"), "utf8"))).toMatchObject({
      complete: false,
      error: expect.stringContaining('Sink "mine" never settles'),
      samples: { accepted: archive.samples },
    });
  });

  it("ends although a plugin left a timer running, once everything is printed", async () => {
    const archive = await folder.archive("timer.zip");
    await plugin("timer.ts", { top: "setInterval(() => {}, 1e6);" });
    const { code, stdout } = await run("ingest", archive.path, "--sink", "./timer.ts", "--json");
    expect(code).toBe(0);
    const last = stdout.trimEnd().split("\n").at(-1) ?? "";
    expect(JSON.parse(last)).toMatchObject({ type: "report", report: { complete: true } });
  });

  it("stops in the middle with 130 at SIGINT", async () => {
    const archive = await folder.archive("slow.zip");
    await plugin("slow.ts", { write: busy("writing") });
    const running = start("ingest", archive.path, "--sink", "./slow.ts");
    await running.printed("writing");
    running.child.kill("SIGINT");
    const { code, stdout, stderr } = await running.finished;
    expect(code).toBe(130);
    expect(stderr).toContain("Stopping; once more stops at once.");
    expect(stdout).toMatch(/^Interrupted; nothing was loaded\.\n/);
  });

  it("stops with 130 at SIGINT while a plugin is still being created", async () => {
    await plugin("begin.ts", { create: busy("creating") });
    const running = start("ingest", "x", "--sink", "./begin.ts");
    await running.printed("creating");
    running.child.kill("SIGINT");
    expect(await running.finished).toMatchObject({ code: 130, signal: null, stdout: "" });
  });

  it("stops at once with 130 at a second SIGINT when a plugin does not let go", async () => {
    const archive = await folder.archive("stuck.zip");
    await plugin("holds.ts", { write: busy("writing"), abort: busy("stuck") });
    const running = start("ingest", archive.path, "--sink", "./holds.ts");
    await running.printed("writing");
    running.child.kill("SIGINT");
    await running.printed("stuck");
    running.child.kill("SIGINT");
    expect(await running.finished).toMatchObject({ code: 130, signal: null, stdout: "" });
  });
});
