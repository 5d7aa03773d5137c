import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { fromItems, pipeline, type SeriesBatch, seriesBatch } from "@millrace/core";
import { describeSink, memorySink, testContext } from "@millrace/core/testing";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyBatches, awkwardText, samplesOf, sampleText } from "../../test/any-batch.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { ingest } from "../ingest.ts";
import { generateArchive, writeFolder } from "../testing/index.ts";
import { type CsvOptions, type CsvResult, csv } from "./csv.ts";

const at = temporaryFolder();
let files = 0;

describeSink("csv", {
  create: () => csv({ path: at(`suite-${files++}.csv`) }),
  items: [lunBatch({}), lunBatch({ element: "L2" }), lunBatch({ element: "L3" })],
});

describeSink("csv with gzip", {
  create: () => csv({ path: at(`suite-${files++}.csv.gz`) }),
  items: [lunBatch({}), lunBatch({ element: "L2" }), lunBatch({ element: "L3" })],
});

describe("csv", () => {
  it("holds exactly the samples of its batches, for an independent parser", async () => {
    const shape = {
      names: fc.oneof(awkwardText, fc.constantFrom("huawei_x", "up")),
      texts: awkwardText,
      startMs: fc.integer({ min: -1e12, max: 4e12 }),
      stepMs: fc.integer({ min: 1, max: 1e6 }),
    };
    await fc.assert(
      fc.asyncProperty(
        anyBatches(shape),
        fc.boolean(),
        fc.boolean(),
        async (batches, gzip, header) => {
          const { text, result } = await write(batches, { gzip, header });
          const [names, ...rows] = records(header ? text : `names\n${text}`);
          if (header) {
            const expected = "Resource;Metric;Element;Value;Time;UnixTime;SN;scrape_interval";
            expect(names?.join(";")).toBe(expected);
          }
          const expected = samplesOf(batches);
          expect(rows.map(sampleOf).sort()).toEqual(expected.texts);
          expect(result).toMatchObject({ samples: rows.length, dropped: expected.dropped });
        },
      ),
      { numRuns: 80 },
    );
  }, 30_000);

  it("writes the columns that the lines have always had, in UTC", async () => {
    const { text } = await write([
      lunBatch({
        name: "huawei_read_i_o_granularity_distribution_0k4kpercent",
        startMs: Date.UTC(2025, 9, 26, 0, 30),
        values: [15, -1],
        stepMs: 3_600_000,
      }),
      lunBatch({ name: "huawei_throughput_mb_s", values: [1], divisor: 1024 }),
    ]);
    expect(text.split("\n")).toEqual([
      "LUN;Read I/O Granularity Distribution: [0K,4K)(%);L1;15.0;2025-10-26T00:30:00Z;1761438600.0;SN1;60",
      "LUN;Read I/O Granularity Distribution: [0K,4K)(%);L1;-1.0;2025-10-26T01:30:00Z;1761442200.0;SN1;60",
      "LUN;Throughput (MB/s);L1;0.0009765625;2025-10-20T00:00:00Z;1760918400.0;SN1;60",
      "",
    ]);
  });

  it("has the six old columns alone when asked, and names of the database", async () => {
    const { text, events } = await write([lunBatch({ values: [3] })], {
      labels: [],
      metricNames: "series",
    });
    expect(text).toBe("LUN;huawei_usage_percent;L1;3.0;2025-10-20T00:00:00Z;1760918400.0\n");
    expect(events.map((event) => "message" in event && event.message)).toEqual([
      'csv: the label "SN" is in no column; series that differ in nothing else look alike.',
    ]);
  });

  it("says which labels are in no column, once", async () => {
    const labels = { __name__: "up", job: "a", port: "1" };
    const batch = lunBatch({ labels: [labels, labels], values: [1, 2] });
    const { text, events } = await write([batch, batch], { labels: ["job"] });
    expect(text.split("\n")[0]).toBe(";up;;1.0;2025-10-20T00:00:00Z;1760918400.0;a");
    expect(events).toMatchObject([{ type: "warning", message: expect.stringContaining('"port"') }]);
  });

  it("writes an archive from end to end, larger than its buffers", async () => {
    const folder = at("archive");
    const archive = generateArchive({ profile: "tiny", seed: 7, filesPerController: 40 });
    await writeFolder(archive, folder);
    const memory = memorySink<SeriesBatch>();
    await ingest(folder).to(memory).result;
    const path = at("archive.csv");
    const { samples, sizeBytes } = await ingest(folder).to(csv({ path, metricNames: "series" }))
      .result;
    expect(samples).toBe(archive.totals.samples);
    expect(sizeBytes).toBeGreaterThan(2 ** 21);
    const rows = records(await readFile(path, "utf8"));
    expect(rows.map(sampleOf).sort()).toEqual(samplesOf(memory.items).texts);
  }, 30_000);

  it("packs many buffers into one stream of the same bytes", async () => {
    const values = Array.from({ length: 60_000 }, (_, i) => (i * 7919) % 1000);
    const batch = lunBatch({ values });
    const plain = await write([batch, batch]);
    const packed = await write([batch, batch], { gzip: true });
    expect(plain.result.sizeBytes).toBeGreaterThan(6 * 2 ** 20);
    expect(packed.text === plain.text).toBe(true);
    expect(packed.result.sizeBytes).toBeLessThan(plain.result.sizeBytes / 5);
  });

  it("releases batches once they are written, and never before", async () => {
    const released: number[] = [];
    const batches = [0, 1].map((i) => ({ ...lunBatch({}), release: () => void released.push(i) }));
    const writer = await csv({ path: at("release.csv") }).open(testContext());
    for (const batch of batches) await writer.write(batch);
    expect(released).toEqual([0, 1]);
    await writer.close();
  });

  it("makes an empty file where there was nothing, packed or not", async () => {
    expect((await write([])).text).toBe("");
    expect((await write([], { gzip: true })).text).toBe("");
    expect((await write([], { header: true })).text).toMatch(/^Resource;.*\n$/);
  });

  it("replaces an older file only when the new one is complete", async () => {
    const path = at("kept/old.csv");
    await mkdir(dirname(path));
    await writeFile(path, "old");
    const aborted = await csv({ path }).open(testContext());
    await aborted.write(lunBatch({ values: Array.from({ length: 50_000 }, (_, i) => i) }));
    expect(await readdir(dirname(path))).toHaveLength(2);
    await aborted.abort(new Error("no more"));
    expect(await readdir(dirname(path))).toEqual(["old.csv"]);
    expect(await readFile(path, "utf8")).toBe("old");
    const complete = await csv({ path }).open(testContext());
    await complete.write(lunBatch({}));
    expect(await readFile(path, "utf8")).toBe("old");
    await complete.close();
    expect(await readFile(path, "utf8")).toContain(";L1;");
    expect(await readdir(dirname(path))).toEqual(["old.csv"]);
  });

  it("leaves nothing behind when a run fails in its middle", async () => {
    const path = at("failed/out.csv");
    await mkdir(dirname(path));
    const broken = { ...lunBatch({}), grid: { timesMs: Float64Array.of(Number.NaN) } };
    const run = pipeline(fromItems([lunBatch({}), broken as SeriesBatch])).to(csv({ path }));
    await expect(run.result).rejects.toMatchObject({ code: "SINK_REJECTED" });
    expect(await readdir(dirname(path))).toEqual([]);
  });

  it("refuses a folder, a device, a link and a missing folder before any work", async () => {
    const folder = at("taken");
    await mkdir(folder);
    await symlink("/dev/null", join(folder, "link.csv"));
    const opened = (path: string) => csv({ path }).open(testContext());
    await expect(opened(folder)).rejects.toMatchObject({
      code: "INVALID_OPTION",
      message: expect.stringContaining("is a folder"),
    });
    await expect(opened("/dev/null")).rejects.toMatchObject({
      code: "INVALID_OPTION",
      message: expect.stringContaining("no ordinary file"),
    });
    await expect(opened(join(folder, "link.csv"))).rejects.toMatchObject({
      code: "INVALID_OPTION",
      message: expect.stringContaining("is a link"),
    });
    await expect(opened(join(folder, "none", "out.csv"))).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    expect(await readdir(folder)).toEqual(["link.csv"]);
  });

  it("does not replace a folder that has taken the name in the meantime", async () => {
    const path = at("late/out.csv");
    await mkdir(dirname(path));
    const writer = await csv({ path }).open(testContext());
    await writer.write(lunBatch({}));
    await mkdir(path);
    await expect(writer.close()).rejects.toMatchObject({
      code: "SINK_REJECTED",
      message: expect.stringContaining("no ordinary file"),
    });
    expect(await readdir(dirname(path))).toEqual([basename(path)]);
  });

  it.each([
    [{ path: "" }, "path"],
    [{ path: "a.csv", labels: ["SN", "SN"] }, '"SN"'],
    [{ path: "a.csv", labels: ["Element"] }, '"Element"'],
    [{ path: "a.csv", labels: [""] }, '""'],
  ])("refuses %o", (options, named) => {
    expect(() => csv(options)).toThrow(
      expect.objectContaining({
        code: "INVALID_OPTION",
        message: expect.stringContaining(named),
      }),
    );
  });

  it("refuses labels that no line can hold", async () => {
    const batch = lunBatch({ element: "x".repeat(600_000) });
    await expect(write([batch])).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
  });
});

async function write(batches: readonly SeriesBatch[], options: Omit<CsvOptions, "path"> = {}) {
  const path = at(`out-${files++}.csv`);
  const context = testContext();
  const writer = await csv({ path, ...options }).open(context);
  for (const batch of batches) await writer.write(batch);
  const result: CsvResult = await writer.close();
  const bytes = await readFile(path);
  expect(result).toMatchObject({ path, sizeBytes: bytes.length });
  const text = (options.gzip === true ? gunzipSync(bytes) : bytes).toString("utf8");
  return { text, result, events: context.events };
}

function records(text: string): string[][] {
  return parse(text, { delimiter: ";", relaxColumnCount: true });
}

/** A line as what it says of a sample; both of its times must agree. */
function sampleOf(record: readonly string[]): string {
  const [resource, metric, element, value, iso = "", unix, serial, interval, ...more] = record;
  expect(more).toEqual([]);
  const timeMs = Math.round(Number(unix) * 1000);
  expect(Date.parse(iso)).toBe(timeMs);
  expect(iso).toMatch(/Z$/);
  const labels = {
    Resource: resource ?? "",
    __name__: metric ?? "",
    Element: element ?? "",
    SN: serial ?? "",
    scrape_interval: interval ?? "",
  };
  return sampleText(labels, timeMs, Number(value));
}

interface BatchSpec {
  readonly name?: string;
  readonly element?: string;
  readonly labels?: readonly Record<string, string>[];
  readonly values?: readonly number[];
  readonly startMs?: number;
  readonly stepMs?: number;
  readonly divisor?: number;
}

function lunBatch({
  name = "huawei_usage_percent",
  element = "L1",
  labels,
  values = [1, 2, 3],
  startMs = Date.UTC(2025, 9, 20),
  stepMs = 60_000,
  divisor = 1,
}: BatchSpec): SeriesBatch {
  const own = {
    __name__: name,
    Element: element,
    Resource: "LUN",
    SN: "SN1",
    scrape_interval: "60",
  };
  const all = labels ?? [own];
  const count = values.length / all.length;
  return seriesBatch({
    table: { id: "t", labels: all, divisors: new Float64Array(all.length).fill(divisor) },
    firstSeries: 0,
    seriesCount: all.length,
    grid: { startMs, stepMs, count },
    values: Int32Array.from(values),
    origins: [{ origin: "by hand", count: values.length }],
  });
}
