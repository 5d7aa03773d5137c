import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { findVictoriaMetrics } from "@millrace/vm-sink/server";
import { describe, expect, it } from "vitest";
import type { JobView } from "../src/storage/job-views.ts";
import { freePort, startServerProcess } from "./server-process.ts";
import { ask, testBench } from "./test-server.ts";
import { tusUpload } from "./tus-client.ts";

const missing = (await findVictoriaMetrics())
  ? undefined
  : "VictoriaMetrics is not installed: apt-get install victoria-metrics";
if (missing !== undefined) process.stdout.write(`skipped crash.real.test.ts: ${missing}\n`);

const ARCHIVES = 20;

describe.skipIf(missing !== undefined)("the storage server, killed", () => {
  it("ends every upload as a job that is done, and the database is exact", async () => {
    await using bench = await testBench();
    const port = await freePort();
    const base = `http://127.0.0.1:${port}`;
    const settings = {
      port,
      dataFolder: join(bench.folder, "data"),
      vmUrl: bench.database.url,
      rateLimit: "100000",
    };
    const archives = [];
    for (let i = 0; i < ARCHIVES; i++) {
      archives.push(await bench.archive(`archive-${i}.zip`, { filesPerController: 12, seed: i }));
    }
    let server = await startServerProcess(settings);
    const uploads = archives.map(async (archive, i) => {
      await pause(i * 100);
      const bytes = await readFile(archive.path);
      return await tusUpload(base, bytes, { filename: `archive-${i}.zip`, pieceBytes: 8 * 1024 });
    });
    for (const afterMs of [700, 900]) {
      await pause(afterMs);
      await server.kill();
      server = await startServerProcess(settings);
    }
    const ids = await Promise.all(uploads);
    expect(new Set(ids).size).toBe(ARCHIVES);
    for (const id of ids) {
      await expect
        .poll(async () => (await ask<JobView>(`${base}/v1/jobs/${id}`)).body.state, {
          timeout: 150_000,
          interval: 500,
        })
        .toBe("done");
    }
    for (const { serial, samples } of archives) expect(await bench.held(serial)).toBe(samples);
    const { body } = await ask<{ arrays: { serial: string }[] }>(`${base}/v1/arrays`);
    expect(body.arrays.map(({ serial }) => serial).sort()).toEqual(
      archives.map(({ serial }) => serial).sort(),
    );
    expect(await server.stop()).toBe(0);
  }, 240_000);
});
