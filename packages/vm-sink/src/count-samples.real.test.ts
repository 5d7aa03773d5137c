import { type SeriesBatch, seriesBatch } from "@millrace/core";
import { testContext } from "@millrace/core/testing";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { missing, realTitle } from "../test/real-database.ts";
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
    server = await startVictoriaMetrics();
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
