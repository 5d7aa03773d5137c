import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type SeriesBatch, type SeriesTable, seriesBatch } from "@millrace/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Checkpoint } from "./checkpoint.ts";
import type { ServerLife } from "./journal.ts";
import { missingSamples, SampleBag } from "./sample-bag.ts";

const IDENTITY = { load: "archive", target: "http://db/" };
const LIFE: ServerLife = { startedSeconds: 100, rowsInserted: 0 };

function table(controller: string, names: readonly string[]): SeriesTable {
  return { id: controller, labels: names.map((__name__) => ({ __name__ })) };
}

function batch(of: SeriesTable, startMs: number, value = 1): SeriesBatch {
  const seriesCount = of.labels.length;
  return seriesBatch({
    table: of,
    firstSeries: 0,
    seriesCount,
    grid: { startMs, stepMs: 1, count: 4 },
    values: new Int32Array(seriesCount * 4).fill(value),
    origins: [],
  });
}

describe("Checkpoint", () => {
  let folder: string;
  const first = table("A", ["a", "b"]);
  const second = table("B", ["b", "c"]);
  const items = [0, 4, 8, 12].map((startMs) => batch(first, startMs));
  const open = (life = LIFE) =>
    Checkpoint.open(join(folder, "checkpoint"), IDENTITY, life, () => {});

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "millrace-checkpoint-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** A load that is cut off when it has sent all items, had two answered and one durable. */
  async function cutOff(batches: readonly SeriesBatch[]): Promise<void> {
    const checkpoint = await open();
    expect(batches.map((item) => checkpoint.next(item))).toEqual(batches.map(() => "send"));
    await checkpoint.synced();
    checkpoint.accepted(2, 16);
    checkpoint.durable(1);
    await checkpoint.close();
  }

  /** The same process, which has counted what it answered for. */
  const later: ServerLife = { ...LIFE, rowsInserted: 16 };

  it("trusts the answers of a database that is still the same process", async () => {
    await cutOff(items.slice(0, 3));
    const resumed = await open(later);
    expect(items.map((item) => resumed.next(item))).toEqual(["skip", "skip", "compare", "send"]);
    expect(resumed.presentItems).toBe(2);
    expect(resumed.doubtfulItems).toBe(1);
    await resumed.close();
  });

  it.each<[string, ServerLife, ServerLife]>([
    [
      "the clock was set back over the restart, to the second of the first start",
      LIFE,
      { ...LIFE, rowsInserted: 15 },
    ],
    [
      "it started later",
      { startedSeconds: 100, rowsInserted: 5 },
      { ...LIFE, startedSeconds: 200 },
    ],
    ["it counts fewer rows", { startedSeconds: 100, rowsInserted: 5 }, LIFE],
  ])("doubts them when the database was restarted: %s", async (_how, before, after) => {
    const checkpoint = await open(before);
    for (const item of items.slice(0, 3)) checkpoint.next(item);
    checkpoint.accepted(2, 16);
    checkpoint.durable(1);
    await checkpoint.close();
    const resumed = await open(after);
    expect(items.map((item) => resumed.next(item))).toEqual(["skip", "compare", "compare", "send"]);
    await resumed.close();
    // And for good: what the former process had answered for counts no more.
    const again = await open(after);
    expect(again.presentItems).toBe(1);
    await again.close();
  });

  it("refuses to go on from other data", async () => {
    await cutOff(items.slice(0, 3));
    for (const changed of [
      [batch(second, 0), ...items.slice(1)],
      [batch(first, 0, 2), ...items.slice(1)],
      items.toReversed(),
    ]) {
      const resumed = await open();
      expect(() => changed.map((item) => resumed.next(item))).toThrow("the data differs");
      await resumed.close();
    }
  });

  it("knows which samples in the database are of other items than the doubtful one", async () => {
    // Both controllers report b at the same times, with the same value.
    const overlapping = [batch(first, 0), batch(first, 4), batch(second, 0)];
    await cutOff(overlapping);
    const resumed = await open(later);
    expect(overlapping.map((item) => resumed.next(item))).toEqual(["skip", "skip", "compare"]);
    const stored = new SampleBag();
    for (let time = 0; time < 8; time++) {
      stored.addAll({ __name__: "a" }, [time], [1]);
      stored.addAll({ __name__: "b" }, [time], [1]);
    }
    const samples = { timesMs: Float64Array.of(0, 1, 2, 3), values: Float64Array.of(1, 1, 1, 1) };
    const missing = missingSamples(
      { labels: { __name__: "b" }, ...samples },
      stored,
      resumed.others,
    );
    expect(missing?.timesMs).toEqual(Float64Array.of(0, 1, 2, 3));
    await resumed.close();
  });

  it("keeps nothing of items that are far from the doubtful ones", async () => {
    await cutOff(items.slice(0, 3));
    const resumed = await open();
    for (const item of items) resumed.next(item);
    expect(resumed.others.isEmpty).toBe(true);
    await resumed.close();
  });

  it("goes on from a load that was cut off twice", async () => {
    await cutOff(items.slice(0, 3));
    const resumed = await open(later);
    for (const item of items) resumed.next(item);
    resumed.accepted(3, 8);
    await resumed.synced();
    await resumed.close();
    const again = await open({ ...later, rowsInserted: 24 });
    expect(items.map((item) => again.next(item))).toEqual(["skip", "skip", "skip", "compare"]);
    await again.done();
    await again.close();
    const anew = await open();
    expect(anew.next(items[0] as SeriesBatch)).toBe("send");
    await anew.close();
  });
});
