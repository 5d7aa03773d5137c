import {
  appendFile,
  copyFile,
  mkdir,
  readdir,
  readFile,
  rename,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { findVictoriaMetrics } from "@millrace/vm-sink/server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningServer } from "../src/index.ts";
import type { JobViewPage } from "../src/storage/job-views.ts";
import { ask, type TestBench, testBench } from "./test-server.ts";

const missing = (await findVictoriaMetrics())
  ? undefined
  : "VictoriaMetrics is not installed: apt-get install victoria-metrics";
if (missing !== undefined) process.stdout.write(`skipped watch-folder.real.test.ts: ${missing}\n`);

describe.skipIf(missing !== undefined)("a watched folder", () => {
  let bench: TestBench;
  let folder: string;
  let server: RunningServer;

  beforeAll(async () => {
    bench = await testBench();
    folder = join(bench.folder, "dumps");
    await mkdir(join(folder, "array-1"), { recursive: true });
    server = await bench.start({ watchFolder: folder, watchQuietMs: 600, watchAttempts: 2 });
  });
  afterAll(async () => {
    await bench?.[Symbol.asyncDispose]();
  });

  const files = async (below = ""): Promise<string[]> =>
    (await readdir(join(folder, below), { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map(({ name }) => name);

  it("loads what comes, also in folders, and deletes it once it is durable", async () => {
    const archive = await bench.archive("whole.zip");
    await copyFile(archive.path, join(folder, "array-1", "whole.zip"));
    await expect.poll(() => files("array-1")).toEqual([]);
    expect(await bench.held(archive.serial)).toBe(archive.samples);
  });

  it("waits for a file that grows, and lets others pass meanwhile", async () => {
    const [slow, quick] = [await bench.archive("slow.zip"), await bench.archive("quick.zip")];
    const bytes = await readFile(slow.path);
    const target = join(folder, "slow.zip");
    await writeFile(target, bytes.subarray(0, 1_000));
    await copyFile(quick.path, join(folder, "quick.zip"));
    let at = 1_000;
    const grow = async (byBytes: number): Promise<void> => {
      await appendFile(target, bytes.subarray(at, at + byBytes));
      at += byBytes;
    };
    while ((await files()).includes("quick.zip")) {
      await pause(200);
      await grow(10);
    }
    expect(await bench.held(quick.serial)).toBe(quick.samples);
    expect(await bench.held(slow.serial)).toBe(0);
    await grow(bytes.length);
    await expect.poll(() => files()).not.toContain("slow.zip");
    expect(await bench.held(slow.serial)).toBe(slow.samples);
  });

  it("puts aside what it cannot read, with the reason, and never deletes it", async () => {
    await writeFile(join(folder, "array-1", "broken.zip"), "no archive at all");
    await expect.poll(() => files("quarantine")).toContain("array-1_broken.zip");
    const kept = join(folder, "quarantine", "array-1_broken.zip");
    expect(await readFile(kept, "utf8")).toBe("no archive at all");
    await expect
      .poll(() => readFile(`${kept}.reason.txt`, "utf8").catch(() => ""))
      .toBe("broken.zip is called .zip but is none.\n");
  });

  it("puts aside an archive of which a file is damaged; the others of it are loaded", async () => {
    const archive = await bench.archive("partly.zip", {
      faults: [{ kind: "corrupt-gzip", file: 0 }],
    });
    await copyFile(archive.path, join(folder, "partly.zip"));
    await expect.poll(() => files("quarantine")).toContain("partly.zip");
    expect(await readFile(join(folder, "quarantine", "partly.zip"))).toEqual(
      await readFile(archive.path),
    );
    expect(await bench.held(archive.serial)).toBe(archive.samples);
  });

  it("finds after a restart what came meanwhile, and loads nothing twice", async () => {
    await server.close();
    const archive = await bench.archive("later.zip");
    await copyFile(archive.path, join(folder, ".later.zip"));
    await rename(join(folder, ".later.zip"), join(folder, "later.zip"));
    const settings = { watchFolder: folder, watchQuietMs: 300, watchKeep: "true" };
    server = await bench.start(settings);
    await expect.poll(() => bench.held(archive.serial)).toBe(archive.samples);
    await expect
      .poll(async () => {
        const { body } = await ask<JobViewPage>(`${server.url}/v1/jobs?limit=1`);
        return body.jobs[0]?.state;
      })
      .toBe("done");
    await pause(500);
    await server.close();
    server = await bench.start(settings);
    await pause(2_000);
    expect(await files()).toContain("later.zip");
    expect(await bench.held(archive.serial)).toBe(archive.samples);
  });
});
