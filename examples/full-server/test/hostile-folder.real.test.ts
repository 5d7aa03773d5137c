import { execFile } from "node:child_process";
import { copyFile, mkdir, readdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { findVictoriaMetrics } from "@millrace/vm-sink/server";
import { describe, expect, it } from "vitest";
import type { RunningServer } from "../src/index.ts";
import type { JobView, JobViewPage } from "../src/storage/job-views.ts";
import { freePort } from "./server-process.ts";
import { ask, testBench } from "./test-server.ts";

const missing = (await findVictoriaMetrics())
  ? undefined
  : "VictoriaMetrics is not installed: apt-get install victoria-metrics";
if (missing !== undefined)
  process.stdout.write(`skipped hostile-folder.real.test.ts: ${missing}\n`);

const PATIENTLY = { timeout: 30_000 };

async function jobs({ url }: RunningServer): Promise<readonly JobView[]> {
  return (await ask<JobViewPage>(`${url}/v1/jobs`)).body.jobs;
}

describe.skipIf(missing !== undefined)("a watched folder that is not as it should be", () => {
  it("keeps every file of quarantine, and follows no links", async () => {
    await using bench = await testBench();
    const folder = join(bench.folder, "dumps");
    const outside = await bench.archive("outside.zip");
    await mkdir(join(folder, "directory.zip"), { recursive: true });
    await symlink(outside.path, join(folder, "link.zip"));
    await promisify(execFile)("mkfifo", [join(folder, "pipe.zip")]);
    const settings = { watchFolder: folder, watchQuietMs: 100, watchAttempts: 1 };
    const server = await bench.start(settings);
    for (const [count, text] of ["first", "second"].entries()) {
      await writeFile(join(folder, "same.zip"), text);
      await expect
        .poll(async () => (await readdir(join(folder, "quarantine"))).length, PATIENTLY)
        .toBe(2 * (count + 1));
    }
    expect(await readFile(join(folder, "quarantine", "same.zip"), "utf8")).toBe("first");
    expect(await readFile(join(folder, "quarantine", "same-2.zip"), "utf8")).toBe("second");
    expect(await jobs(server)).toEqual([]);
    expect((await readdir(folder)).sort()).toEqual([
      "directory.zip",
      "link.zip",
      "pipe.zip",
      "quarantine",
    ]);
    expect(await bench.held(outside.serial)).toBe(0);
  }, 60_000);

  it("looks again at a file that was replaced meanwhile, and at one that was put back", async () => {
    await using bench = await testBench();
    const folder = join(bench.folder, "dumps");
    const [old, replaced] = [await bench.archive("old.zip"), await bench.archive("replaced.zip")];
    const settings = { watchFolder: folder, watchQuietMs: 100 };
    let server = await bench.start({ ...settings, vmUrl: `http://127.0.0.1:${await freePort()}` });
    const target = join(folder, "daily.zip");
    const put = async (path: string): Promise<void> => {
      await copyFile(path, join(folder, ".coming"));
      await rename(join(folder, ".coming"), target);
    };
    const cancel = async (id: string | undefined): Promise<void> => {
      await ask(`${server.url}/v1/jobs/${id}/cancel`, { method: "POST" });
    };
    await put(old.path);
    await expect.poll(async () => (await jobs(server))[0]?.state, PATIENTLY).toBe("delayed");
    await put(replaced.path);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const [first] = await jobs(server);
    await cancel(first?.id);
    await expect
      .poll(async () => (await jobs(server)).map(({ serials }) => serials[0]), PATIENTLY)
      .toEqual([replaced.serial, old.serial]);
    const [second] = await jobs(server);
    await cancel(second?.id);
    const aside = join(folder, "quarantine", "daily.zip");
    await expect.poll(() => readdir(join(folder, "quarantine")), PATIENTLY).toHaveLength(2);
    expect(await readFile(aside)).toEqual(await readFile(replaced.path));
    expect(await readFile(`${aside}.reason.txt`, "utf8")).toContain("was cancelled");

    await server.close();
    server = await bench.start(settings);
    await rename(aside, target);
    await expect.poll(() => readdir(folder), PATIENTLY).toEqual(["quarantine"]);
    expect(await bench.held(replaced.serial)).toBe(replaced.samples);
    expect(await jobs(server)).toHaveLength(2);
  }, 120_000);
});
