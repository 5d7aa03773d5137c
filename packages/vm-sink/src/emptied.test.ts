import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testContext } from "@millrace/core/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fakeDatabase, metricsPage } from "../test/fake-database.ts";
import { plainBatch } from "../test/samples.ts";
import { victoriaMetrics } from "./victoria-metrics.ts";

const SAMPLES = 100;
const batch = plainBatch("series", SAMPLES);

describe("a database that holds nothing of what the checkpoint says it has", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "millrace-emptied-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it.each([
    ["was emptied, and is refused", false],
    ["has just been restarted, and gets the load again", true],
  ])("%s", async (_, isRestarted) => {
    let [startedSeconds, rows] = [1_000, 0];
    // It knows no series: its answers to an export are empty.
    await using fake = await fakeDatabase({
      metrics: () => metricsPage(startedSeconds, `vm_rows_inserted_total ${rows}`),
    });
    const checkpoint = { path: join(folder, "checkpoint"), load: "test" };
    const sink = victoriaMetrics({ url: fake.url, checkpoint, batchSize: 1 });
    const first = await sink.open(testContext());
    let accepted = 0;
    first.watermark$.subscribe((mark) => {
      accepted = mark.accepted;
    });
    await first.write(batch);
    await expect.poll(() => accepted, { timeout: 5_000 }).toBe(1);
    await first.abort(new Error("pulled"));

    rows = SAMPLES;
    await using second = await sink.open(testContext());
    if (isRestarted) startedSeconds += 1;
    const failure = await second.write(batch).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).toMatchObject(
      isRestarted
        ? { code: "REMOTE_FAILED", retryable: true, details: { restarted: true } }
        : { code: "INVALID_OPTION", message: expect.stringContaining("Was it emptied?") },
    );
  });
});
