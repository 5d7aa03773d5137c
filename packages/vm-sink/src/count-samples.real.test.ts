import { type SeriesBatch, seriesBatch } from "@millrace/core";
import { testContext } from "@millrace/core/testing";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { binary, missing, realTitle } from "../test/real-database.ts";
import { plainBatch, START_MS } from "../test/samples.ts";
import { countSamples } from "./count-samples.ts";
import { startVictoriaMetrics, type VictoriaMetricsServer } from "./server/index.ts";
import { victoriaMetrics } from "./victoria-metrics.ts";

const HOUR = 3_600_000;
let server: VictoriaMetricsServer;

/** Irregular times over three days, some of them on the very borders of six-hour windows. */
const timesMs = Float64Array.from(
  new Set(
    Array.from({ length: 60 }, (_, i) => START_MS + Math.floor(i * 1.2 * HOUR) + (i % 7)).concat(
      Array.from({ length: 12 }, (_, i) => START_MS + i * 6 * HOUR),
      Array.from({ length: 12 }, (_, i) => START_MS + (i + 1) * 6 * HOUR - 1),
    ),
  ),
).sort();
const AWKWARD = 'say "hi" \\ back\nslash';
const batch = seriesBatch({
  table: {
    id: "counted",
    labels: ["1", "2"].map((s) => ({ __name__: "counted", s, awkward: AWKWARD })),
  },
  firstSeries: 0,
  seriesCount: 2,
  grid: { timesMs },
  values: Int32Array.from({ length: 2 * timesMs.length }, (_, i) => i),
  origins: [],
});

async function load(...batches: readonly SeriesBatch[]): Promise<void> {
  const sink = victoriaMetrics({ url: server.url, durability: "none" });
  await using writer = await sink.open(testContext());
  for (const one of batches) await writer.write(one);
  await writer.close();
}

const count = (labels: Record<string, string>, fromMs: number, toMs: number): Promise<number> =>
  countSamples({ url: server.url, labels, fromMs, toMs });

describe.skipIf(missing !== undefined)(realTitle("countSamples on a real VictoriaMetrics"), () => {
  beforeAll(async () => {
    server = await startVictoriaMetrics(binary);
    await load(batch);
  });
  afterAll(async () => {
    await server?.stop();
  });

  it("counts every sample of all series with the labels", async () => {
    const end = START_MS + 100 * HOUR;
    const cells = 2 * timesMs.length;
    expect(await count({ __name__: "counted" }, START_MS, end)).toBe(cells);
    expect(await count({ __name__: "counted", s: "2" }, START_MS, end)).toBe(timesMs.length);
    expect(await count({ awkward: AWKWARD }, START_MS, end)).toBe(cells);
    expect(await count({ awkward: "other" }, START_MS, end)).toBe(0);
    expect(await count({ __name__: "counted" }, START_MS - 99 * HOUR, START_MS - 1)).toBe(0);
    expect(await count({ __name__: "counted" }, end, START_MS)).toBe(0);
  });

  it("counts both ends, and no sample twice where its windows meet", async () => {
    const end = START_MS + 80 * HOUR;
    const edge = fc.oneof(
      fc.constantFrom(...timesMs).chain((ms) => fc.constantFrom(ms - 1, ms, ms + 1)),
      fc.integer({ min: START_MS - HOUR, max: end }),
    );
    await fc.assert(
      fc.asyncProperty(edge, edge, async (a, b) => {
        const [fromMs, toMs] = [Math.min(a, b), Math.max(a, b)];
        const inside = timesMs.filter((ms) => ms >= fromMs && ms <= toMs).length;
        expect(await count({ __name__: "counted", s: "1" }, fromMs, toMs)).toBe(inside);
      }),
      { numRuns: 60 },
    );
  });

  it("counts both ends where the length of the window is no exact number of seconds", async () => {
    const labels = { __name__: "minutes", job: "test" };
    const count = 3 * 24 * 60;
    await load({
      ...plainBatch("minutes", count, START_MS + 5),
      grid: { startMs: START_MS + 5, stepMs: 60_000, count },
    });
    // Found by trying: the server takes these three as a millisecond shorter.
    for (const [fromMs, toMs, inside] of [
      [1571574720005, 1571706672350, 2_200],
      [1571610660005, 1571643732350, 552],
      [1571629020005, 1571760792350, 2_197],
    ] as const) {
      expect(await countSamples({ url: server.url, labels, fromMs, toMs })).toBe(inside);
    }
  });

  it("counts from 1970 on, where a broken clock may have left something", async () => {
    const timesMs = Float64Array.of(
      0,
      1,
      299_999,
      300_000,
      3_599_999,
      3_600_000,
      3_600_001,
      START_MS,
    );
    const base = plainBatch("broken_clock", 0);
    await load(seriesBatch({ ...base, grid: { timesMs }, values: new Int32Array(timesMs.length) }));
    const ends = [0, 1, 2, 300_000, 3_599_999, 3_600_000, 3_600_001, 7_200_000, START_MS];
    for (const fromMs of ends) {
      for (const toMs of ends.filter((ms) => ms >= fromMs)) {
        const inside = timesMs.filter((ms) => ms >= fromMs && ms <= toMs).length;
        const found = await count({ __name__: "broken_clock" }, fromMs, toMs);
        expect(found, `${fromMs} to ${toMs}`).toBe(inside);
      }
    }
  });

  it("counts in parts what the server's limits do not allow at once", async () => {
    const name = "many";
    const days = 40;
    await using limited = await startVictoriaMetrics({
      ...binary,
      flags: ["-search.maxSamplesPerQuery=20000"],
    });
    const sink = victoriaMetrics({ url: limited.url, durability: "none" });
    await using writer = await sink.open(testContext());
    const batchOfDay = (day: number) =>
      seriesBatch({
        ...plainBatch(name, 0),
        grid: { startMs: START_MS + day * 24 * HOUR, stepMs: 60_000, count: 1_440 },
        values: new Int32Array(1_440),
      });
    for (let day = 0; day < days; day++) await writer.write(batchOfDay(day));
    await writer.close();
    const range = { fromMs: 0, toMs: START_MS + 20_000 * 24 * HOUR };
    const whole = { url: limited.url, labels: { __name__: name }, ...range };
    expect(await countSamples(whole)).toBe(days * 1_440);
  });

  it("counts duplicates, since they are stored", async () => {
    const twice = plainBatch("twice", 4);
    await load(twice, twice);
    expect(await count({ __name__: "twice" }, START_MS, START_MS + HOUR)).toBe(8);
  });

  it("sees what came after an earlier count with the same question", async () => {
    const ask = (): Promise<number> => count({ __name__: "again" }, START_MS, START_MS + HOUR);
    expect(await ask()).toBe(0);
    await load(plainBatch("again", 4));
    // The database flushes on its own within a second or so, and then has nothing to be told to flush.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await ask()).toBe(4);
  });
});
