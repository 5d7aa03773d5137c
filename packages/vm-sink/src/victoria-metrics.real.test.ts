import { type SeriesBatch, seriesBatch } from "@millrace/core";
import { describeSink, testContext } from "@millrace/core/testing";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { binary, exported, missing, realTitle, snapshots } from "../test/real-database.ts";
import { anyBatch, anyLabels, plainBatch, START_MS, samplesOf } from "../test/samples.ts";
import { startVictoriaMetrics, type VictoriaMetricsServer } from "./server/index.ts";
import { type VictoriaMetricsOptions, victoriaMetrics } from "./victoria-metrics.ts";

let server: VictoriaMetricsServer;
const real = describe.skipIf(missing !== undefined);

beforeAll(async () => {
  if (missing === undefined) server = await startVictoriaMetrics(binary);
});
afterAll(async () => {
  await server?.stop();
});

/** The same batch with one more label on every series. */
function labelled(batch: SeriesBatch, name: string, value: string): SeriesBatch {
  const labels = batch.table.labels.map((pairs) => ({ ...pairs, [name]: value }));
  return { ...batch, table: { ...batch.table, labels } };
}

async function load(
  batches: readonly SeriesBatch[],
  options: Partial<VictoriaMetricsOptions> = {},
) {
  const sink = victoriaMetrics({ url: server.url, durability: "none", ...options });
  const context = testContext();
  await using writer = await sink.open(context);
  for (const batch of batches) await writer.write(batch);
  return { result: await writer.close(), context };
}

real(realTitle("a real VictoriaMetrics"), () => {
  const items = Array.from({ length: 4 }, (_, i) => plainBatch(`item_${i}`, 3));
  let targets = 0;

  describeSink<SeriesBatch>("victoriaMetrics", {
    // The database stays, so each target is a label of its own.
    create() {
      targets += 1;
      const target = `target-${targets}`;
      const sink = victoriaMetrics({ url: server.url });
      return {
        ...sink,
        async open(context) {
          const writer = await sink.open(context);
          return { ...writer, write: (item) => writer.write(labelled(item, "target", target)) };
        },
      };
    },
    items,
    async read() {
      const held = await exported(server.url, `{target="target-${targets}"}`);
      let count = 0;
      for (const item of items) {
        const { texts } = samplesOf([labelled(item, "target", `target-${targets}`)]);
        if (!texts.every((text) => held.includes(text))) break;
        count += 1;
      }
      return count;
    },
    settleMs: 10_000,
  });

  describe.each(["remote-write", "json", "prometheus"] as const)("%s", (format) => {
    /** What a database can hold to the last digit: it keeps decimal numbers. */
    const shape = {
      labels: anyLabels,
      floats: fc.integer({ min: -1e9, max: 1e9 }),
      divisors: fc.constantFrom(1, 10, 1000),
      startMs: fc.integer({ min: START_MS, max: START_MS + 1e10 }),
    };
    const many = fc.sample(anyBatch(shape), { numRuns: 120, seed: 20191020 });

    const run = `shapes-${format}`;
    // Two series of a table may have been generated alike; then they would be one series.
    const generated = many.map((batch, i) => ({
      ...batch,
      table: {
        ...batch.table,
        labels: batch.table.labels.map((labels, s) => ({ ...labels, i: `${i}`, s: `${s}` })),
      },
    }));
    const awkward = [
      'quo"te',
      "back\\slash",
      "new\nline",
      "tab\tand\rreturn",
      "{curly}=,#",
      "größe 中文 \u{1F980}\u2028",
      " spaces ",
      "\\n is no newline",
    ].map((text, i) => ({ __name__: `awkward.${i}:x`, text, empty: "" }));
    const extremes = seriesBatch({
      table: { id: "awkward", labels: awkward },
      firstSeries: 0,
      seriesCount: awkward.length,
      grid: { timesMs: Float64Array.of(START_MS, START_MS + 1, START_MS + 86_400_000) },
      values: Int32Array.from({ length: awkward.length * 3 }, (_, i) =>
        i % 2 === 0 ? -(2 ** 31) : 2 ** 31 - 1,
      ),
      origins: [],
    });
    const values = Float64Array.of(1, Number.NaN, Number.POSITIVE_INFINITY, -0, 2.5, 0.1, 1e-7);
    const gaps: SeriesBatch = { ...plainBatch("gaps", 7), values };

    it("keeps batches of every shape, sample for sample, and leaves out NaN and infinities", async () => {
      const batches = [...generated, extremes, gaps].map((one) => labelled(one, "run", run));
      const { texts, dropped } = samplesOf(batches);
      expect(texts.length).toBeGreaterThan(1_000);
      expect(dropped).toBe(2);
      const { result } = await load(batches, { format, batchSize: 50 });
      expect(result).toMatchObject({ samples: texts.length, dropped, lostRows: {}, retries: 0 });
      expect(result.requests).toBeGreaterThan(3);
      expect(await exported(server.url, `{run="${run}"}`)).toEqual(texts);
    });
  });

  it.each([
    { format: "json", compression: "gzip" },
    { format: "prometheus", compression: "gzip" },
    { format: "remote-write", compression: "zstd" },
  ] as const)("keeps what was compressed: $format, $compression", async (options) => {
    const name = `packed_${options.format.replace("-", "_")}`;
    const batch = plainBatch(name, 5_000);
    const loaded = await load([batch], { ...options, connections: "auto" }).catch(
      (error: unknown) => error,
    );
    const stored = await exported(server.url, `{__name__="${name}"}`);
    // 1.79.5 knows no zstd, and then nothing may have been sent.
    if (options.compression === "zstd" && loaded instanceof Error) {
      expect(loaded).toMatchObject({ code: "UNSUPPORTED" });
      expect(stored).toEqual([]);
      return;
    }
    expect(loaded).toMatchObject({ result: { samples: 5_000, lostRows: {} } });
    expect(stored).toEqual(samplesOf([batch]).texts);
  });

  it("keeps a large batch over several connections, to the last sample", async () => {
    const series = 200;
    const count = 1_000;
    const batch = seriesBatch({
      table: {
        id: "large",
        labels: Array.from({ length: series }, (_, s) => ({ __name__: "large", s: `${s}` })),
      },
      firstSeries: 0,
      seriesCount: series,
      grid: { startMs: START_MS, stepMs: 60_000, count },
      values: Int32Array.from({ length: series * count }, (_, i) => (i * 7919) % 100_003),
      origins: [],
    });
    const { result } = await load([batch], { connections: 4 });
    expect(result).toMatchObject({ samples: series * count, lostRows: {} });
    expect(result.requests).toBeGreaterThan(3);
    expect(result.database.cpuMs).toBeGreaterThan(0);
    expect(result.database.cores).toBeGreaterThan(0);
    const held = await exported(server.url, '{__name__="large"}');
    expect(held.length).toBe(series * count);
    const expected = samplesOf([batch]).texts;
    expect(held.every((text, i) => text === expected[i])).toBe(true);
  });

  it("leaves no snapshot behind", async () => {
    const { result, context } = await load([plainBatch("snapshot", 3)], {
      durability: "snapshot",
    });
    expect(result.durableMs).toBeGreaterThan(0);
    expect(context.events).toEqual([]);
    expect(await snapshots(server.url)).toEqual([]);
  });

  it("takes no data from the future", async () => {
    const later = plainBatch("later", 1, Date.now() + 3 * 86_400_000);
    await expect(load([later])).rejects.toMatchObject({
      code: "SINK_REJECTED",
      message: expect.stringMatching(/^The data reaches to .* takes nothing after /),
    });
  });

  it("is told apart from a path without one", async () => {
    await expect(load([], { url: `${server.url}/elsewhere` })).rejects.toMatchObject({
      code: "REMOTE_FAILED",
      message: expect.stringContaining("has no VictoriaMetrics at this path"),
    });
  });
});
