import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { type Labels, type SeriesBatch, seriesBatch } from "@millrace/core";
import { describeSink, memorySink, testContext } from "@millrace/core/testing";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyBatches, awkwardText, samplesOf, sampleText } from "../../test/any-batch.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { ingest } from "../ingest.ts";
import { generateArchive, writeFolder } from "../testing/index.ts";
import { resourceForm } from "./perfmonkey.ts";
import { type WideCsvFile, type WideCsvOptions, type WideCsvResult, wideCsv } from "./wide-csv.ts";

const at = temporaryFolder();
let folders = 0;

describeSink("wideCsv", {
  create: () => wideCsv({ folder: at(`suite-${folders++}`) }),
  items: [batchOf({}), batchOf({ resource: "Host" }), batchOf({ startMs: 1e12 })],
});

describeSink("wideCsv with gzip", {
  create: () => wideCsv({ folder: at(`suite-${folders++}`), gzip: true }),
  items: [batchOf({}), batchOf({ resource: "Host" }), batchOf({ startMs: 1e12 })],
});

describe("wideCsv", () => {
  it("holds exactly the samples of its batches, in rows as wide as their header", async () => {
    const shape = {
      names: fc.constantFrom("huawei_a", "b b", 'c"c', "é\nd", "e"),
      texts: awkwardText,
      startMs: fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2090, 0) }),
      stepMs: fc.integer({ min: 1, max: 1e6 }),
    };
    await fc.assert(
      fc.asyncProperty(anyBatches(shape), fc.boolean(), async (batches, gzip) => {
        const { result, tables } = await write(batches, { gzip });
        const texts = [...tables].flatMap(([file, table]) => samplesOfTable(file, table));
        const expected = samplesOf(batches.map(withoutInterval));
        expect(texts.sort()).toEqual(expected.texts);
        expect(result).toMatchObject({ samples: texts.length, dropped: expected.dropped });
        for (const [{ rows, columns }, table] of tables) {
          expect(table.map((row) => row.length)).toEqual(new Array(rows + 1).fill(columns));
        }
      }),
      { numRuns: 60 },
    );
  }, 30_000);

  it("writes the columns of PerfMonkey, in UTC, with values as in the database", async () => {
    const { result, text } = await write([
      batchOf({
        startMs: Date.UTC(2025, 9, 26, 0, 30),
        stepMs: 3_600_000,
        metrics: [
          "huawei_read_i_o_granularity_distribution_128kinfpercent",
          "huawei_throughput_mb_s",
          "huawei_unknown_metric_99001",
        ],
        values: [1, 2, 512, 1024, 7, 8],
        present: [1, 1, 1, 1, 0, 1],
        divisors: [1, 1024, 1],
      }),
    ]);
    expect(result.files.map(({ path }) => path)).toEqual([join(result.folder, "lun_output.csv")]);
    expect(text("lun_output.csv").split("\n")).toEqual([
      "LDEVPERF,#,BgnDateTime,EndDateTime,Serial,DefMp,DaCnt,Rg,Ld,Alias,Read I/O Granularity Distribution: [128K_+∞)(%),Throughput (MB/s),huawei_unknown_metric_99001",
      "LDEVPERF,1,10/26/25 00:30:00,10/26/25 00:30:00,SN1,'?','1','01-01',E1,'-',1,0.5,",
      "LDEVPERF,2,10/26/25 01:30:00,10/26/25 01:30:00,SN1,'?','1','01-01',E1,'-',2,1,8",
      "",
    ]);
  });

  it("writes an archive of two arrays from end to end", async () => {
    const folder = at("archive");
    const archive = generateArchive({
      profile: "tiny",
      seed: 11,
      filesPerController: 40,
      arrays: [{ serial: "AAA" }, { serial: "BBB" }],
    });
    await writeFolder(archive, folder);
    const memory = memorySink<SeriesBatch>();
    await ingest(folder).to(memory).result;
    // Small batches cut most elements in pieces.
    const cut = ingest(folder, { join: { batchBytes: 30_000 } });
    const target = at("archive-tables");
    const result = await cut.to(wideCsv({ folder: target, metricNames: "series" })).result;
    expect(result.samples).toBe(archive.totals.samples);
    const names = await readdir(target);
    expect(names).toEqual(result.files.map(({ path }) => path.slice(target.length + 1)).sort());
    expect(names.every((name) => /^(AAA|BBB)_\w+_output\.csv$/.test(name))).toBe(true);
    expect(names).toContain("AAA_lun_output.csv");
    const tables = await tablesOf(result, false);
    const texts = [...tables].flatMap(([file, table]) => samplesOfTable(file, table));
    expect(texts.sort()).toEqual(samplesOf(memory.items.map(withoutInterval)).texts);
    // One row for each time and element of a controller: no element was cut in two rows.
    for (const [file, table] of tables) {
      const cells = table.slice(1).map((row) => row.filter((field) => field !== "").length);
      expect(new Set(cells)).toEqual(new Set([file.columns]));
    }
  }, 30_000);

  it("leaves cells empty where a later table has fewer metrics, and begins a file where it has others", async () => {
    const { result, text } = await write([
      batchOf({ metrics: ["a", "b"], values: [1, 2] }),
      batchOf({ metrics: ["b"], values: [3], startMs: 60_000 }),
      batchOf({ metrics: ["b", "c"], values: [4, 5], startMs: 120_000 }),
      batchOf({ metrics: ["a"], values: [6], startMs: 180_000 }),
    ]);
    expect(result.files).toMatchObject([
      { serial: "SN1", resource: "LUN", rows: 3, columns: 12 },
      { serial: "SN1", resource: "LUN", rows: 1, columns: 12 },
    ]);
    const rows = (name: string) =>
      parse<Record<string, string>>(text(name), { columns: true }).map((row) => {
        const { "#": number, a, b, c } = row;
        return { number, a, b, c };
      });
    expect(rows("lun_output.csv")).toEqual([
      { number: "1", a: "1", b: "2" },
      { number: "2", a: "", b: "3" },
      { number: "3", a: "6", b: "" },
    ]);
    expect(rows("lun_output_2.csv")).toEqual([{ number: "1", b: "4", c: "5" }]);
  });

  it("names files so that none gets lost: by array where there are several, numbered where equal", async () => {
    const resources = ["SMB 2/3", "SMB 2-3", "中", ""];
    const batches = ["a/b", "a b"].flatMap((serial) =>
      resources.map((resource) => batchOf({ serial, resource })),
    );
    const { result } = await write(batches);
    const names = result.files.map(({ path }) => path.slice(result.folder.length + 1));
    expect(names).toEqual([
      "a_b_smb_2_3_output.csv",
      "a_b_smb_2_3_output_2.csv",
      "a_b___output.csv",
      "a_b_other_output.csv",
      "a_b_smb_2_3_output_3.csv",
      "a_b_smb_2_3_output_4.csv",
      "a_b___output_2.csv",
      "a_b_other_output_2.csv",
    ]);
    expect(await readdir(result.folder)).toHaveLength(8);
  });

  it("keeps a column for each of several metrics with one name", async () => {
    const { text } = await write([
      batchOf({ metrics: ["huawei_read_ops", "x", "huawei_read_ops"], values: [1, 2, 3] }),
    ]);
    const [header, row] = text("lun_output.csv").split("\n");
    expect(header?.split(",").slice(10)).toEqual(["Read OPS", "x", "Read OPS (2)"]);
    expect(row?.split(",").slice(10)).toEqual(["1", "2", "3"]);
  });

  it("writes rows that are longer than a buffer", async () => {
    const metrics = Array.from({ length: 60_000 }, (_, i) => `m${i}`);
    const { tables } = await write([batchOf({ metrics, values: metrics.map((_, i) => i) })]);
    const [[, table] = []] = [...tables];
    expect(table?.[1]?.slice(10)).toEqual(metrics.map((_, i) => String(i)));
  });

  it("makes the folder, and removes it again when nothing came of it", async () => {
    const folder = at("made");
    const writer = await wideCsv({ folder }).open(testContext());
    await writer.write(batchOf({ values: Array.from({ length: 200_000 }, (_, i) => i) }));
    expect(await readdir(folder)).toHaveLength(1);
    await writer.abort(new Error("no more"));
    await expect(readdir(folder)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("leaves other files of the folder alone, also when it fails", async () => {
    const folder = at("shared");
    await mkdir(folder);
    await writeFile(join(folder, "lun_output.csv"), "old");
    const writer = await wideCsv({ folder }).open(testContext());
    await writer.write(batchOf({}));
    await writer.abort(new Error("no more"));
    expect(await readdir(folder)).toEqual(["lun_output.csv"]);
    expect(await readFile(join(folder, "lun_output.csv"), "utf8")).toBe("old");
  });

  it("refuses a file, a missing parent and an empty name before any work", async () => {
    const file = at("file");
    await writeFile(file, "");
    const opened = (folder: string) => wideCsv({ folder }).open(testContext());
    await expect(opened(file)).rejects.toMatchObject({ code: "INVALID_OPTION" });
    await expect(opened(at("none/below"))).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(() => wideCsv({ folder: "" })).toThrow(
      expect.objectContaining({ code: "INVALID_OPTION" }),
    );
  });

  it("says which labels are in no column, but not the interval", async () => {
    const { events } = await write([batchOf({ more: { scrape_interval: "60", port: "1" } })]);
    expect(events).toMatchObject([{ type: "warning", message: expect.stringContaining('"port"') }]);
  });
});

async function write(
  batches: readonly SeriesBatch[],
  options: Omit<WideCsvOptions, "folder"> = {},
) {
  const folder = at(`out-${folders++}`);
  const context = testContext();
  const writer = await wideCsv({ folder, ...options }).open(context);
  for (const batch of batches) {
    // Whoever still read a batch after its release would write other values.
    const values = batch.values.slice();
    await writer.write({ ...batch, values, release: () => values.fill(-7) });
  }
  const result = await writer.close();
  expect(await readdir(folder)).toHaveLength(result.files.length);
  const tables = await tablesOf(result, options.gzip === true);
  const texts = new Map(
    await Promise.all(
      result.files.map(async ({ path }) => {
        return [path.slice(folder.length + 1), await readFile(path, "utf8")] as const;
      }),
    ),
  );
  const text = (name: string): string => texts.get(name) ?? `no ${name} in ${[...texts.keys()]}`;
  return { result, tables, text, events: context.events };
}

async function tablesOf(
  { files }: WideCsvResult,
  gzip: boolean,
): Promise<Map<WideCsvFile, string[][]>> {
  const tables = new Map<WideCsvFile, string[][]>();
  for (const file of files) {
    const bytes = await readFile(file.path);
    expect(bytes.length).toBe(file.sizeBytes);
    const rows: string[][] = parse(gzip ? gunzipSync(bytes) : bytes, { relaxColumnCount: true });
    tables.set(file, rows);
  }
  return tables;
}

/** Rows as what they say of samples; every row must carry what the header announces. */
function samplesOfTable({ resource, serial }: WideCsvFile, table: readonly string[][]): string[] {
  const [header = [], ...rows] = table;
  const { prefix, columns } = resourceForm(resource);
  const elementAt = 5 + columns.findIndex(([, text]) => text === undefined);
  const metricsAt = 5 + columns.length;
  expect(header.slice(0, 5)).toEqual([prefix, "#", "BgnDateTime", "EndDateTime", "Serial"]);
  return rows.flatMap((row, i) => {
    expect(row.slice(0, 2)).toEqual([prefix, String(i + 1)]);
    expect(row[3]).toBe(row[2]);
    expect(row[4]).toBe(serial);
    const timeMs = Date.parse(`${row[2]?.replace(/\/(\d\d) /, "/20$1 ")} UTC`);
    return row.slice(metricsAt).flatMap((field, column) => {
      if (field === "") return [];
      const name = header[metricsAt + column]?.replace(/ \(\d\)$/, "") ?? "";
      const labels = { Resource: resource, __name__: name, SN: serial };
      return sampleText({ ...labels, Element: row[elementAt] ?? "" }, timeMs, Number(field));
    });
  });
}

function withoutInterval(batch: SeriesBatch): SeriesBatch {
  const labels = batch.table.labels.map(({ scrape_interval: _, ...rest }) => rest);
  return { ...batch, table: { ...batch.table, labels } };
}

interface BatchSpec {
  readonly serial?: string;
  readonly resource?: string;
  readonly metrics?: readonly string[];
  readonly values?: readonly number[];
  readonly present?: readonly number[];
  readonly divisors?: readonly number[];
  readonly startMs?: number;
  readonly stepMs?: number;
  readonly more?: Labels;
}

/** One element with all its metrics. */
function batchOf({
  serial = "SN1",
  resource = "LUN",
  metrics = ["a"],
  values = [1, 2, 3],
  present,
  divisors,
  startMs = 0,
  stepMs = 60_000,
  more = {},
}: BatchSpec): SeriesBatch {
  const element = { Element: "E1", Resource: resource, SN: serial, ...more };
  const labels = metrics.map((metric) => ({ __name__: metric, ...element }));
  return seriesBatch({
    table: { id: "t", labels, ...(divisors && { divisors: Float64Array.from(divisors) }) },
    firstSeries: 0,
    seriesCount: metrics.length,
    grid: { startMs, stepMs, count: values.length / metrics.length },
    values: Int32Array.from(values),
    ...(present && { present: Uint8Array.from(present) }),
    origins: [{ origin: "by hand", count: values.length }],
  });
}
