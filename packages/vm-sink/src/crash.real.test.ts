import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Watermark } from "@millrace/core";
import { testContext } from "@millrace/core/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  binary,
  exported,
  missing,
  openDoor,
  realTitle,
  snapshots,
} from "../test/real-database.ts";
import { plainBatch, START_MS, samplesOf } from "../test/samples.ts";
import { startVictoriaMetrics } from "./server/index.ts";
import { victoriaMetrics } from "./victoria-metrics.ts";

const batches = Array.from({ length: 30 }, (_, i) =>
  plainBatch(`series_${i}`, 500, START_MS + i * 86_400_000),
);

describe.skipIf(missing !== undefined)(realTitle("a VictoriaMetrics that is killed"), () => {
  let dataPath: string;
  beforeEach(async () => {
    dataPath = await mkdtemp(join(tmpdir(), "millrace-vm-test-"));
  });
  afterEach(async () => {
    await rm(dataPath, { recursive: true, force: true });
  });

  it("right after close() still holds everything when it comes back", async () => {
    const first = await startVictoriaMetrics({ ...binary, dataPath });
    const marks: Watermark[] = [];
    try {
      await using writer = await victoriaMetrics({ url: first.url }).open(testContext());
      writer.watermark$.subscribe((mark) => marks.push(mark));
      for (const batch of batches) await writer.write(batch);
      await writer.close();
    } finally {
      await first.kill();
    }
    expect(marks.at(-1)).toEqual({ accepted: 30, durable: 30 });
    await using second = await startVictoriaMetrics({ ...binary, dataPath });
    expect(await exported(second.url, '{job="test"}')).toEqual(samplesOf(batches).texts);
    expect(await snapshots(second.url)).toEqual([]);
  }, 30_000);

  it("and restarted during a run fails that run, which claims nothing that was lost", async () => {
    await using door = await openDoor();
    const first = await startVictoriaMetrics({ ...binary, dataPath });
    door.to(first.url);
    const sink = victoriaMetrics({
      url: door.url,
      batchSize: 1,
      retry: { firstDelayMs: 5, maxDelayMs: 50 },
    });
    await using writer = await sink.open(testContext());
    const marks: Watermark[] = [];
    writer.watermark$.subscribe((mark) => marks.push(mark));
    try {
      for (const batch of batches.slice(0, 10)) await writer.write(batch);
      await expect.poll(() => marks.at(-1)?.accepted, { timeout: 10_000 }).toBe(10);
    } finally {
      await first.kill();
    }
    door.to(undefined);
    const writing = (async () => {
      for (const batch of batches.slice(10)) await writer.write(batch);
      return await writer.close();
    })();
    writing.catch(() => {});
    await using second = await startVictoriaMetrics({ ...binary, dataPath });
    door.to(second.url);
    await expect(writing).rejects.toMatchObject({
      code: "REMOTE_FAILED",
      message: expect.stringContaining(`${door.url} was restarted during the run`),
    });
    const held = new Set(await exported(second.url, '{job="test"}'));
    const durable = marks.at(-1)?.durable ?? 0;
    const claimed = samplesOf(batches.slice(0, durable)).texts;
    expect(claimed.every((text) => held.has(text))).toBe(true);
    expect(held.size, "something was lost, so there was something to notice").toBeLessThan(15_000);
    expect(await snapshots(second.url)).toEqual([]);
  }, 30_000);
});
