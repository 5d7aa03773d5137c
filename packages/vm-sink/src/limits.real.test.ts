import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Watermark } from "@millrace/core";
import { testContext } from "@millrace/core/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { binary, exported, freshPage, missing, realTitle } from "../test/real-database.ts";
import { plainBatch, START_MS } from "../test/samples.ts";
import { startVictoriaMetrics, type VictoriaMetricsServer } from "./server/index.ts";
import { victoriaMetrics } from "./victoria-metrics.ts";

const DAY = 86_400_000;
let server: VictoriaMetricsServer;

beforeAll(async () => {
  if (missing === undefined)
    server = await startVictoriaMetrics({ ...binary, flags: ["-retentionPeriod=1"] });
});
afterAll(async () => {
  await server?.stop();
});

/** Everything that the database counts of rows: none before the first one, none where nothing was sent. */
async function rowsOf({ url }: VictoriaMetricsServer): Promise<string[]> {
  return (await freshPage(url))
    .split("\n")
    .filter((line) => /^vm_rows_(inserted|ignored|invalid)_total/.test(line) && !/ 0$/.test(line));
}

describe.skipIf(missing !== undefined)(realTitle("a real VictoriaMetrics with limits"), () => {
  it("that keeps one month refuses old data before the first byte, and a dry run sends none", async () => {
    for (const format of ["remote-write", "prometheus"] as const) {
      await using writer = await victoriaMetrics({ url: server.url, format }).open(testContext());
      await expect(writer.write(plainBatch("old", 3, START_MS))).rejects.toMatchObject({
        code: "SINK_REJECTED",
        message: expect.stringMatching(
          /^The data begins 2019-10-20T00:00:00.000Z, .* -retentionPeriod=100y\.$/,
        ),
      });
    }
    const sink = victoriaMetrics({ url: server.url, dryRun: true });
    await using dry = await sink.open(testContext());
    await dry.write(plainBatch("dry", 3, Date.now() - DAY));
    expect(await dry.close()).toMatchObject({ samples: 0, requests: 1 });
    expect(await rowsOf(server)).toEqual([]);
  });

  it("tells of the rows that it dropped during the run, whoever sent them", async () => {
    const sink = victoriaMetrics({ url: server.url, durability: "none" });
    await using writer = await sink.open(testContext());
    await writer.write(plainBatch("mine", 3, Date.now() - 30 * DAY));
    const lines = Array.from({ length: 7 }, (_, i) => `other{i="${i}"} 1 ${START_MS}`);
    const future = `other 1 ${Date.now() + 10 * DAY}`;
    const answer = await fetch(`${server.url}/api/v1/import/prometheus`, {
      method: "POST",
      body: [...lines, future, "no line at all 1 2 3", ""].join("\n"),
    });
    expect(answer.status, "the database says that all is well").toBe(204);
    expect(await writer.close()).toMatchObject({
      samples: 3,
      lostRows: { small_timestamp: 7, big_timestamp: 1, prometheus: 1 },
    });
    expect(
      await exported(server.url, '{__name__="mine"}'),
      "just inside of its month",
    ).toHaveLength(3);
  });
});

describe.skipIf(missing !== undefined)(realTitle("a real VictoriaMetrics with flags"), () => {
  it("says its limits on labels, which are checked before the first byte", async () => {
    await using limited = await startVictoriaMetrics({
      ...binary,
      flags: ["-maxLabelsPerTimeseries=5", "-maxLabelValueLen=20"],
    });
    const sink = victoriaMetrics({ url: limited.url, durability: "none" });
    const base = plainBatch("a", 1);
    const withLabels = (labels: Record<string, string>) => ({
      ...base,
      table: { id: "labels", labels: [{ __name__: "a", ...labels }] },
    });
    const refused = [
      [{ b: "1", c: "2", d: "3", e: "4", f: "5" }, "-maxLabelsPerTimeseries=5"],
      [{ b: "x".repeat(21) }, "-maxLabelValueLen=20"],
      [{ ["n".repeat(257)]: "x" }, "-maxLabelNameLen=256"],
    ] as const;
    for (const [labels, flag] of refused) {
      await using writer = await sink.open(testContext());
      await expect(writer.write(withLabels(labels))).rejects.toMatchObject({
        code: "SINK_REJECTED",
        message: expect.stringContaining(flag),
      });
    }
    await using writer = await sink.open(testContext());
    const kept = withLabels({ b: "x".repeat(20), c: "2", d: "3", e: "4", f: "" });
    await writer.write(kept);
    await writer.close();
    expect(await exported(limited.url, '{__name__="a"}')).toEqual([
      expect.stringContaining(`["b","${"x".repeat(20)}"],["c","2"],["d","3"],["e","4"]`),
    ]);
    const page = await freshPage(limited.url);
    // 1.79 counts what it cuts; 1.145 drops such rows, and counts them as ignored.
    const counters =
      /^vm_(?:metrics_with_dropped_labels_total|too_long_label_values_total|rows_ignored_total\{reason="too_[^"]*"\}) (\S+)$/gm;
    const counts = [...page.matchAll(counters)].map(([, count]) => count);
    expect(counts.length).toBeGreaterThan(1);
    expect(new Set(counts)).toEqual(new Set(["0"]));
  });
});

describe.skipIf(missing !== undefined)(
  realTitle("a real VictoriaMetrics that drops series"),
  () => {
    let folder: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "millrace-relabel-"));
      const rule = '- action: drop\n  source_labels: [__name__]\n  regex: "series_[5-9]"\n';
      await writeFile(join(folder, "drop.yml"), rule);
    });
    afterAll(async () => {
      await rm(folder, { recursive: true });
    });

    it.each<[reason: string, flag: () => string]>([
      ["hourly_series_limit", () => "-storage.maxHourlySeries=5"],
      ["daily_series_limit", () => "-storage.maxDailySeries=5"],
      ["relabel", () => `-relabelConfig=${join(folder, "drop.yml")}`],
    ])("is not said to hold them for good (%s)", async (reason, flag) => {
      await using database = await startVictoriaMetrics({ ...binary, flags: [flag()] });
      const context = testContext();
      await using writer = await victoriaMetrics({ url: database.url }).open(context);
      const marks: Watermark[] = [];
      writer.watermark$.subscribe((mark) => marks.push(mark));
      for (let i = 0; i < 10; i++) {
        await writer.write(plainBatch(`series_${i}`, 3, Date.now() - 60_000));
      }
      const { samples, lostRows, durableMs } = await writer.close();
      const held = (await exported(database.url, '{job="test"}')).length;
      expect(samples).toBe(30);
      // It knows the series that it took by a Bloom filter, so one more may slip through.
      expect(held).toBeLessThan(30);
      // Of a series that a relabelling rule drops, it counts each request as one.
      const dropped = reason === "relabel" ? (30 - held) / 3 : 30 - held;
      expect(lostRows).toEqual({ [reason]: dropped });
      expect(durableMs).toBeUndefined();
      expect(marks.at(-1)).toEqual({ accepted: 10, durable: 0 });
      expect(context.events).toEqual([
        expect.objectContaining({
          type: "warning",
          message: expect.stringContaining(`by ${reason}), perhaps ours`),
        }),
      ]);
    });
  },
);

describe.skipIf(missing !== undefined)(realTitle("a real VictoriaMetrics at an address"), () => {
  it("with a limit in kilobytes gets no larger request", async () => {
    await using database = await startVictoriaMetrics({
      ...binary,
      flags: ["-maxInsertRequestSize=64KB"],
    });
    const sink = victoriaMetrics({ url: database.url, durability: "none" });
    await using writer = await sink.open(testContext());
    await writer.write(plainBatch("large", 20_000));
    const { samples, requests } = await writer.close();
    expect(samples).toBe(20_000);
    expect(requests).toBeGreaterThan(5);
    expect(await exported(database.url, '{__name__="large"}')).toHaveLength(20_000);
  });

  it("with labels to add puts them on every series", async () => {
    await using database = await startVictoriaMetrics(binary);
    const url = `${database.url}/?extra_label=site=K%C3%B6ln&extra_label=job=mine`;
    for (const format of ["remote-write", "prometheus"] as const) {
      const sink = victoriaMetrics({ url, format, durability: "none" });
      await using writer = await sink.open(testContext());
      await writer.write(plainBatch(format.replace("-", "_"), 1));
      await writer.close();
    }
    const held = await exported(database.url, '{site="Köln"}');
    expect(held.map((text) => JSON.parse(text)[0])).toEqual(
      ["prometheus", "remote_write"].map((name) => [
        ["__name__", name],
        ["job", "mine"],
        ["site", "Köln"],
      ]),
    );
  });
});
