import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";

const main = fileURLToPath(new URL("main.ts", import.meta.url));
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "demo-test-"));
});
afterAll(() => rm(folder, { recursive: true }));

it.each([
  ["an archive is made", "SIGINT", "1. A day"],
  ["the archive is loaded", "SIGINT", "3. Into"],
  ["the archive is loaded", "SIGTERM", "3. Into"],
  ["the server has an upload", "SIGINT", "   page"],
] as const)(
  "leaves nothing behind when %s and %s comes",
  async (_, signal, moment) => {
    const child = spawn(process.execPath, ["--conditions=@millrace/source", main], {
      env: { ...process.env, TMPDIR: folder },
      stdio: ["ignore", "pipe", "pipe"],
    });
    onTestFinished(() => {
      child.kill("SIGKILL");
    });
    let [stdout, stderr] = ["", ""];
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      const before = stdout.includes(moment);
      stdout += text;
      if (!before && stdout.includes(moment)) child.kill(signal);
    });
    const [code] = await once(child, "close");
    expect(stdout).toContain(moment);
    expect(stdout).not.toContain("Open demo-report.html");
    expect(stderr).not.toContain("Error");
    expect(code).toBe(130);
    expect(await readdir(folder)).toEqual([]);
  },
  240_000,
);
