import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type SeriesBatch, seriesBatch } from "@millrace/core";
import { describeSink, memorySink, testContext } from "@millrace/core/testing";
import fc from "fast-check";
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import * as library from "hyparquet-writer";
import { describe, expect, it, vi } from "vitest";
import { anyBatches, awkwardText, samplesOf, sampleText } from "../../test/any-batch.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { ingest } from "../ingest.ts";
import { generateArchive, writeFolder } from "../testing/index.ts";
import { type ParquetOptions, parquet } from "./parquet.ts";

const at = temporaryFolder();
let files = 0;

describeSink("parquet", {
  create: () => parquet({ path: at(`suite-${files++}.parquet`) }),
  items: [batchOf([1, 2]), batchOf([3]), batchOf([4])],
});

describe("parquet", () => {
  it("holds exactly the samples of its batches, for another reader", async () => {
    const shape = {
      names: fc.oneof(awkwardText, fc.constantFrom("huawei_x", "up")),
      texts: awkwardText,
      startMs: fc.integer({ min: -1e12, max: 4e12 }),
      stepMs: fc.integer({ min: 1, max: 1e6 }),
    };
    await fc.assert(
      fc.asyncProperty(anyBatches(shape), async (batches) => {
        const { result, rows } = await write(batches);
        const expected = samplesOf(batches);
        expect(rows.map(sampleOf).sort()).toEqual(expected.texts);
        expect(result).toMatchObject({ samples: rows.length, dropped: expected.dropped });
      }),
      { numRuns: 60 },
    );
  }, 30_000);

  it("writes an archive from end to end, in row groups that say what they hold", async () => {
    const folder = at("archive");
    const archive = generateArchive({ profile: "tiny", seed: 7, filesPerController: 8 });
    await writeFolder(archive, folder);
    const memory = memorySink<SeriesBatch>();
    await ingest(folder).to(memory).result;
    const path = at("archive.parquet");
    const result = await ingest(folder).to(parquet({ path, rowGroupRows: 1000 })).result;
    expect(result).toMatchObject({ path, samples: archive.totals.samples, dropped: 0 });
    const rows = await readRows(path);
    expect(rows.map(sampleOf).sort()).toEqual(samplesOf(memory.items).texts);
    const metadata = await parquetMetadataAsync(await asyncBufferFromFile(path));
    const groups = metadata.row_groups.map(({ num_rows }) => Number(num_rows));
    expect(groups.slice(0, -1)).toEqual(new Array(groups.length - 1).fill(1000));
    for (const [i, { columns }] of metadata.row_groups.entries()) {
      const group = rows.slice(i * 1000, i * 1000 + 1000);
      for (const { meta_data } of columns) {
        const name = meta_data?.path_in_schema[0] as keyof Row;
        const values = group.map((row) => row[name]).sort(ascending);
        const { min_value, max_value, null_count } = meta_data?.statistics ?? {};
        expect([name, null_count]).toEqual([name, 0n]);
        // Texts are cut after 16 bytes, downwards and upwards.
        if (name === "time" || name === "value") {
          // Zero has two signs, and the smaller one is the bound.
          const least = values[0] === 0 ? -0 : values[0];
          expect([name, min_value, max_value]).toEqual([name, least, values.at(-1)]);
        } else {
          expect(String(values[0]).startsWith(String(min_value))).toBe(true);
          expect(String(max_value) >= String(values.at(-1))).toBe(true);
        }
      }
    }
  });

  it("bounds texts in the order of UTF-8", async () => {
    const { path } = (await write([batchOf([1], "\u{1F980}"), batchOf([1], "\uFF5E")])).result;
    const { row_groups } = await parquetMetadataAsync(await asyncBufferFromFile(path));
    const name = row_groups[0]?.columns[2]?.meta_data?.statistics;
    expect(name).toMatchObject({ min_value: "\uFF5E", max_value: "\u{1F980}" });
  });

  it("has a column for each label that is asked for, and says which are in none", async () => {
    const { rows, events } = await write([batchOf([5])], { labels: ["Resource", "nobody"] });
    expect(rows).toEqual([
      { time: new Date(0), value: 5, name: "up", Resource: "LUN", nobody: "" },
    ]);
    const said = events.map((event) => ("message" in event ? event.message : ""));
    expect(said.map((message) => message.match(/"(\w+)"/)?.[1])).toEqual([
      "Element",
      "SN",
      "scrape_interval",
    ]);
  });

  it("begins a further file after a thousand row groups", async () => {
    const values = Array.from({ length: 2_001 }, (_, i) => i % 1000);
    const { result } = await write([batchOf(values)], { rowGroupRows: 2 });
    const { path } = result;
    const second = path.replace(".parquet", "_2.parquet");
    expect(result).toMatchObject({
      samples: 2_001,
      files: [
        { path, samples: 2_000 },
        { path: second, samples: 1 },
      ],
    });
    const rows = await readRows(second);
    expect(rows).toMatchObject([{ value: 0, time: new Date(2_000 * 1000) }]);
  }, 30_000);

  it("makes a file without rows where there was nothing", async () => {
    const { rows, result } = await write([]);
    expect(rows).toEqual([]);
    const { schema } = await parquetMetadataAsync(await asyncBufferFromFile(result.path));
    const names = "root time value name Element Resource SN scrape_interval";
    expect(schema.map(({ name }) => name).join(" ")).toBe(names);
  });

  it("replaces an older file only when the new one is complete", async () => {
    const path = at("kept/old.parquet");
    await mkdir(dirname(path));
    await writeFile(path, "old");
    const writer = await parquet({ path, rowGroupRows: 1000 }).open(testContext());
    await writer.write(batchOf(Array.from({ length: 5_000 }, (_, i) => i)));
    expect(await readdir(dirname(path))).toHaveLength(2);
    await writer.abort(new Error("no more"));
    expect(await readdir(dirname(path))).toEqual(["old.parquet"]);
    expect(await readFile(path, "utf8")).toBe("old");
  });

  it("takes the library that it is given, and says how to install it where there is none", async () => {
    const { rows } = await write([batchOf([1])], { lib: library });
    expect(rows).toHaveLength(1);
    vi.doMock("hyparquet-writer", () => {
      throw new Error("Cannot find package 'hyparquet-writer'");
    });
    const opening = parquet({ path: at("missing.parquet") }).open(testContext());
    await expect(opening).rejects.toMatchObject({
      code: "MISSING_DEPENDENCY",
      message: expect.stringContaining("npm install hyparquet-writer@^0.17.0"),
    });
    vi.doUnmock("hyparquet-writer");
  });

  it.each([
    [{ path: "" }, "path"],
    [{ path: "a.parquet", rowGroupRows: 0 }, "rowGroupRows is 0"],
    [{ path: "a.parquet", rowGroupRows: Number.NaN }, "rowGroupRows is NaN"],
    [{ path: "a.parquet", labels: ["time"] }, '"time"'],
  ])("refuses %o", (options, named) => {
    expect(() => parquet(options)).toThrow(
      expect.objectContaining({
        code: "INVALID_OPTION",
        message: expect.stringContaining(named),
      }),
    );
  });

  it("refuses a folder and a time that is none", async () => {
    const opening = parquet({ path: dirname(at("x")) }).open(testContext());
    await expect(opening).rejects.toMatchObject({ code: "INVALID_OPTION" });
    const broken = { ...batchOf([1]), grid: { timesMs: Float64Array.of(Number.NaN) } };
    await expect(write([broken])).rejects.toMatchObject({ code: "SINK_REJECTED" });
  });
});

interface Row {
  readonly time: Date;
  readonly value: number;
  readonly name: string;
  readonly Element: string;
  readonly Resource: string;
  readonly SN: string;
  readonly scrape_interval: string;
}

async function write(batches: readonly SeriesBatch[], options: Omit<ParquetOptions, "path"> = {}) {
  const path = at(join(`out-${files++}.parquet`));
  const context = testContext();
  const writer = await parquet({ path, ...options }).open(context);
  for (const batch of batches) {
    // Whoever still read a batch after its release would write other values.
    const values = batch.values.slice();
    await writer.write({ ...batch, values, release: () => values.fill(-7) });
  }
  const result = await writer.close();
  expect(result.sizeBytes).toBe(result.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
  expect((await readFile(path)).length).toBe(result.files[0]?.sizeBytes);
  return { result, rows: await readRows(path), events: context.events };
}

async function readRows(path: string): Promise<Row[]> {
  const file = await asyncBufferFromFile(path);
  return (await parquetReadObjects({ file })) as unknown as Row[];
}

function sampleOf({ time, value, name, ...labels }: Row): string {
  return sampleText({ ...labels, __name__: name }, time.getTime(), value);
}

function ascending(a: unknown, b: unknown): number {
  const [left, right] = [a, b] as [number, number];
  return left < right ? -1 : left > right ? 1 : 0;
}

function batchOf(values: readonly number[], name = "up"): SeriesBatch {
  const labels = {
    __name__: name,
    Element: "E1",
    Resource: "LUN",
    SN: "SN1",
    scrape_interval: "1",
  };
  return seriesBatch({
    table: { id: name, labels: [labels] },
    firstSeries: 0,
    seriesCount: 1,
    grid: { startMs: 0, stepMs: 1000, count: values.length },
    values: Int32Array.from(values),
    origins: [{ origin: "by hand", count: values.length }],
  });
}
