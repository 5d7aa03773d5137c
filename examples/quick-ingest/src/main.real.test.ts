import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { generateArchive, writeZip } from "@millrace/ingest/testing";
import { findVictoriaMetrics, startVictoriaMetrics } from "@millrace/vm-sink/server";
import { afterAll, expect, it } from "vitest";

const main = fileURLToPath(new URL("main.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "quick-ingest-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

const missing = (await findVictoriaMetrics())
  ? undefined
  : "VictoriaMetrics is not installed: apt-get install victoria-metrics";
if (missing !== undefined) process.stdout.write(`skipped in quick-ingest: ${missing}\n`);

/** Runs the example as its README says. */
function run(args: readonly string[], env: Readonly<Record<string, string | undefined>>) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--conditions=@millrace/source", main, ...args],
    { cwd: folder, encoding: "utf8", env: { ...process.env, ...env } },
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout).toMatch(/^0 %\n(?:\d+ %\n)*100 %$/m);
  return stdout;
}

it.skipIf(missing !== undefined)("starts a database of its own and stops it", () => {
  const stdout = run([], { MILLRACE_VM_URL: undefined });
  expect(stdout).toContain("No path given");
  expect(stdout).toContain("8 of 8 files, 8277 series");
  const [, url] =
    /496620 samples in \d+ ms, into (http:\/\/127\.0\.0\.1:\d+)\n$/.exec(stdout) ?? [];
  expect(url).toBeDefined();
  return expect(fetch(`${url}/health`)).rejects.toThrow("fetch failed");
});

it.skipIf(missing !== undefined)("uses the database that it is pointed to", async () => {
  await using database = await startVictoriaMetrics();
  const archive = join(folder, "mine.zip");
  const { samples } = await writeZip(generateArchive({ profile: "tiny" }), archive);
  const stdout = run([archive], { MILLRACE_VM_URL: database.url });
  expect(stdout).not.toContain("No path given");
  expect(stdout).toMatch(new RegExp(`^${samples} samples in \\d+ ms, into ${database.url}$`, "m"));
});

it("writes a report where there is no database", () => {
  const stdout = run([], { MILLRACE_VM_URL: "http://127.0.0.1:9", PATH: folder });
  expect(stdout).toContain("Nothing answers at MILLRACE_VM_URL.");
  expect(stdout).toContain("quick-ingest-report.html");
  expect(readdirSync(folder)).toContain("quick-ingest-report.html");
});
