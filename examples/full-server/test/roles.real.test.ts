import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { findVictoriaMetrics } from "@millrace/vm-sink/server";
import { describe, expect, it } from "vitest";
import { missing as missingRedis, startRedis } from "../../../test/redis-server.ts";
import type { JobView } from "../src/storage/job-views.ts";
import { freePort, startServerProcess } from "./server-process.ts";
import { ask, testBench } from "./test-server.ts";
import { tusUpload } from "./tus-client.ts";

const missing = (await findVictoriaMetrics())
  ? missingRedis
  : "VictoriaMetrics is not installed: apt-get install victoria-metrics";
if (missing !== undefined) process.stdout.write(`skipped roles.real.test.ts: ${missing}\n`);

const ARCHIVES = 10;

describe.skipIf(missing !== undefined)("a server of several processes", () => {
  it("loses nothing and loads nothing twice when a worker dies", async () => {
    await using bench = await testBench();
    await using redis = await startRedis();
    const port = await freePort();
    const base = `http://127.0.0.1:${port}`;
    const common = {
      dataFolder: join(bench.folder, "data"),
      vmUrl: bench.database.url,
      queueUrl: redis.url,
      rateLimit: "100000",
    };
    const api = await startServerProcess({ ...common, port, role: "api" });
    const worker = async () =>
      await startServerProcess({ ...common, port: "0", role: "worker", concurrency: "2" });
    const [first, second] = [await worker(), await worker()];
    const archives = [];
    for (let i = 0; i < ARCHIVES; i++) {
      archives.push(await bench.archive(`archive-${i}.zip`, { filesPerController: 12, seed: i }));
    }
    const ids = await Promise.all(
      archives.map(async ({ path }, i) => {
        const bytes = await readFile(path);
        return await tusUpload(base, bytes, { filename: `archive-${i}.zip`, pieceBytes: 1 << 20 });
      }),
    );
    await pause(300);
    await first.kill();
    for (const id of ids) {
      await expect
        .poll(async () => (await ask<JobView>(`${base}/v1/jobs/${id}`)).body.state, {
          timeout: 200_000,
          interval: 500,
        })
        .toBe("done");
    }
    for (const { serial, samples } of archives) expect(await bench.held(serial)).toBe(samples);
    expect(await second.stop()).toBe(0);
    expect(await api.stop()).toBe(0);
  }, 300_000);
});
