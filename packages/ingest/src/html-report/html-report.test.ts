import { once } from "node:events";
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  fromItems,
  pipeline,
  type RunContext,
  type SeriesBatch,
  seriesBatch,
  silentLogger,
} from "@millrace/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type HtmlReportOptions, htmlReport } from "./html-report.ts";
import type { ReportData } from "./report-data.ts";

const MINUTE = 60_000;
const START = Date.UTC(2025, 9, 20);
let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-report-"));
  path = join(folder, "report.html");
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe("htmlReport", () => {
  it("shows the busiest elements of each panel in shown units, busiest first", async () => {
    const elements = Array.from({ length: 12 }, (_, index) => `L${index}`);
    const batch = lunBatch({ elements, rows: 30, value: (series, row) => series * 100 + row });
    const { report, result } = await written([batch], { topElements: 3, title: "Before the move" });
    expect(report.title).toBe("Before the move");
    const luns = report.arrays[0]?.resources[0];
    expect(luns).toMatchObject({ title: "LUNs", elements: 12 });
    const [iops, latency] = luns?.panels ?? [];
    expect(iops).toMatchObject({ title: "IOPS", unit: "IO/s", elements: 12 });
    expect(iops?.series.map(({ name }) => name)).toEqual(["L11", "L10", "L9"]);
    expect(iops?.series[0]).toMatchObject({ min: 2200, max: 2229 });
    expect(latency).toMatchObject({ title: "Latency", unit: "ms" });
    expect(latency?.series[0]).toMatchObject({ name: "L11", min: 2.3, max: 2.329 });
    expect(latency?.series[0]?.means).toHaveLength(30);
    expect(latency?.series[0]?.peaks).toBeUndefined();
    expect(result).toMatchObject({ path, trackedSeries: 24, droppedSeries: 0 });
  });

  it("takes for each element the best series that it has", async () => {
    const us = seriesOf("huawei_avg_i_o_response_time_us", "both");
    const ms = ["both", "old"].map((name) => seriesOf("huawei_avg_i_o_response_time_ms", name));
    const batch = lunBatch({
      labels: [...ms, us],
      rows: 1,
      value: (series) => [7, 8, 5000][series],
    });
    const { report } = await written([batch]);
    const shown = report.arrays[0]?.resources[0]?.panels[0]?.series;
    expect(shown?.map(({ name, max }) => [name, max])).toEqual([
      ["old", 8],
      ["both", 5],
    ]);
  });

  it("leaves out readings below zero and says how many", async () => {
    const value = (_series: number, row: number) => (row % 2 === 0 ? -1 : 50);
    const batch = lunBatch({ labels: [seriesOf("huawei_queue_length", "L0")], rows: 10, value });
    const { report } = await written([batch]);
    expect(report.arrays[0]).toMatchObject({ samples: 10, leftOut: 5 });
    const [line] = report.arrays[0]?.resources[0]?.panels[0]?.series ?? [];
    expect(line).toMatchObject({ min: 50, mean: 50, max: 50 });
    expect(line?.means.slice(0, 4)).toEqual([null, 50, null, 50]);
  });

  it("shows averages and peaks where a bucket holds several samples", async () => {
    const labels = [seriesOf("huawei_queue_length", "L0")];
    const batch = lunBatch({ labels, rows: 64, value: (_series, row) => row });
    const { report } = await written([batch], { timeBuckets: 32 });
    expect(report.arrays[0]).toMatchObject({ bucketMs: 2 * MINUTE, bucketStartMs: START });
    const [line] = report.arrays[0]?.resources[0]?.panels[0]?.series ?? [];
    expect(line?.means.slice(0, 3)).toEqual([0.5, 2.5, 4.5]);
    expect(line?.peaks?.slice(0, 3)).toEqual([1, 3, 5]);
  });

  it("reports several arrays, in order, whatever the order of the batches", async () => {
    const day = 24 * 60 * MINUTE;
    const batches = [
      lunBatch({ serial: "B", startMs: START + day }),
      lunBatch({ serial: "A", startMs: START + 9 * day }),
      lunBatch({ serial: "B", startMs: START }),
    ];
    const arrays = () => new Map([["A", { model: "Dorado" }]]);
    const { report, result } = await written(batches, { arrays });
    expect(report.arrays.map(({ serial, model }) => [serial, model])).toEqual([
      ["A", "Dorado"],
      ["B", undefined],
    ]);
    const last = START + 9 * day + 9 * MINUTE;
    expect(result).toMatchObject({
      firstMs: START,
      lastMs: last,
      arrays: [
        { serial: "A", samples: 40, firstMs: START + 9 * day, lastMs: last },
        { serial: "B", samples: 80, firstMs: START, lastMs: START + day + 9 * MINUTE },
      ],
    });
  });

  it("says when series were left out", async () => {
    const { report, result } = await written([lunBatch({})], { maxSeries: 3 });
    expect(report).toMatchObject({ trackedSeries: 3, droppedSeries: 1 });
    expect(result).toMatchObject({ trackedSeries: 3, droppedSeries: 1 });
  });

  it("writes a page when there was no sample", async () => {
    const { report, result } = await written([]);
    expect(report.arrays).toEqual([]);
    expect(result).toMatchObject({ firstMs: undefined, lastMs: undefined, arrays: [] });
    expect(result.sizeBytes).toBe((await readFile(path)).length);
  });

  it("stays small: a day of minutes in a page of full charts is below 2 MB", async () => {
    const elements = Array.from({ length: 40 }, (_, index) => `LUN_${index}`);
    const value = (series: number, row: number) => (series * 7919 + row * 104_729) % 9973;
    const charts = Array.from({ length: 10 }, (_, index) => ({
      resource: "LUN",
      title: `LUNs ${index}`,
      panels: ["huawei_total_iops_io_s", "huawei_avg_i_o_response_time_us"].map((series) => ({
        kind: "detail" as const,
        title: series,
        unit: "",
        candidates: [{ series }],
      })),
    }));
    const { result } = await written([lunBatch({ elements, rows: 1440, value })], { charts });
    expect(result.sizeBytes).toBeGreaterThan(500_000);
    expect(result.sizeBytes).toBeLessThan(2_000_000);
  });

  it("counts accepted items, promises no durability, and ends its watermark", async () => {
    const writer = await htmlReport({ path }).open(context());
    const seen: unknown[] = [];
    writer.watermark$.subscribe({
      next: (mark) => seen.push(mark),
      complete: () => seen.push("end"),
    });
    await writer.write(lunBatch({}));
    await writer.write(lunBatch({}));
    await writer.close();
    expect(seen).toEqual([
      { accepted: 0, durable: 0 },
      { accepted: 1, durable: 0 },
      { accepted: 2, durable: 0 },
      "end",
    ]);
    await expect(writer.write(lunBatch({}))).rejects.toMatchObject({ code: "CLOSED" });
    await expect(writer.close()).rejects.toMatchObject({ code: "CLOSED" });
    await writer.abort("late");
    expect(await readdir(folder)).toEqual(["report.html"]);
  });

  it("leaves the old file and nothing else when it is aborted, before closing or during it", async () => {
    await writeFile(path, "old");
    const early = await htmlReport({ path }).open(context());
    await early.write(lunBatch({}));
    await early.abort("enough");
    await early.abort("enough");
    const late = await htmlReport({ path }).open(context());
    await late.write(lunBatch({}));
    const closing = late.close();
    await Promise.all([expect(closing).rejects.toBe("too late"), late.abort("too late")]);
    const controller = new AbortController();
    const cancelled = await htmlReport({ path }).open(context(controller.signal));
    controller.abort("cancelled");
    await expect(cancelled.close()).rejects.toBe("cancelled");
    expect(await readdir(folder)).toEqual(["report.html"]);
    expect(await readFile(path, "utf8")).toBe("old");
  });

  it("replaces an older report", async () => {
    await writeFile(path, "old");
    await written([lunBatch({})]);
    expect(await readFile(path, "utf8")).toMatch(/^<!doctype html>/);
    expect(await readdir(folder)).toEqual(["report.html"]);
  });

  it("writes what a link leads to, and keeps the link", async () => {
    await mkdir(join(folder, "shared"));
    const target = join(folder, "shared", "target.html");
    await writeFile(target, "old");
    const links = ["report.html", "detour.html", "new.html"].map((name) => join(folder, name));
    const [direct = "", detour = "", fresh = ""] = links;
    await symlink("shared/target.html", direct);
    await symlink("report.html", detour);
    await symlink(join("shared", "fresh.html"), fresh);
    for (const [link, file] of [
      [direct, target],
      [detour, target],
      [fresh, join(folder, "shared", "fresh.html")],
    ] as const) {
      const { result } = await written([lunBatch({})], { path: link });
      expect(result.path).toBe(link);
      expect((await lstat(link)).isSymbolicLink()).toBe(true);
      expect((await lstat(file)).isFile()).toBe(true);
      expect(await readFile(file, "utf8")).toMatch(/^<!doctype html>/);
      await writeFile(file, "old");
    }
    expect((await readdir(join(folder, "shared"))).sort()).toEqual(["fresh.html", "target.html"]);
  });

  it.runIf(process.platform === "linux")(
    "refuses a device, a socket and links to them",
    async () => {
      const socket = join(folder, "socket");
      const server = createServer().listen(socket);
      await once(server, "listening");
      for (const [i, target] of ["/dev/null", socket, ".", "circle.html"].entries()) {
        const link = join(folder, i === 3 ? "circle.html" : `link-${i}`);
        await symlink(target, link);
        for (const place of i < 2 ? [target, link] : [link]) {
          await expect(htmlReport({ path: place }).open(context())).rejects.toMatchObject({
            code: "INVALID_OPTION",
            message: expect.stringContaining(`htmlReport: path ${place} is `),
          });
        }
      }
      const writer = await htmlReport({ path }).open(context());
      await symlink("/dev/null", path);
      await expect(writer.close()).rejects.toMatchObject({ code: "INVALID_OPTION" });
      expect((await lstat("/dev/null")).isCharacterDevice()).toBe(true);
      await symlink("none/report.html", join(folder, "lost.html"));
      const lost = htmlReport({ path: join(folder, "lost.html") });
      await expect(lost.open(context())).rejects.toThrow(`there is no folder ${folder}/none`);
      server.close();
    },
  );

  it("checks the target when it is opened, and the options at once", async () => {
    const open = (target: string) => htmlReport({ path: target }).open(context());
    const missing = join(folder, "none", "report.html");
    await expect(open(missing)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(open(folder)).rejects.toMatchObject({ code: "INVALID_OPTION" });
    for (const options of [
      { topElements: 0 },
      { maxSeries: 1.5 },
      { timeBuckets: 15 },
      { path: "" },
    ]) {
      expect(() => htmlReport({ path, ...options })).toThrow(
        /topElements|maxSeries|timeBuckets|path/,
      );
    }
  });
});

interface LunBatch {
  readonly serial?: string;
  readonly elements?: readonly string[];
  readonly labels?: readonly Readonly<Record<string, string>>[];
  readonly startMs?: number;
  readonly rows?: number;
  readonly value?: (series: number, row: number) => number | undefined;
}

/** IOPS of each element at even series, response time in microseconds at odd ones. */
function lunBatch(shape: LunBatch): SeriesBatch {
  const { serial = "A", elements = ["L0", "L1"], startMs = START, rows = 10 } = shape;
  const { value = (series, row) => series + row } = shape;
  const names = ["huawei_total_iops_io_s", "huawei_avg_i_o_response_time_us"];
  const labels =
    shape.labels ??
    elements.flatMap((element) => names.map((name) => seriesOf(name, element, serial)));
  const values = labels.flatMap((_, series) =>
    Array.from({ length: rows }, (_row, row) => value(series, row) ?? 0),
  );
  return seriesBatch({
    table: { id: JSON.stringify(labels), labels },
    firstSeries: 0,
    seriesCount: labels.length,
    grid: { startMs, stepMs: MINUTE, count: rows },
    values: Int32Array.from(values),
    origins: [{ origin: "test", count: values.length }],
  });
}

function seriesOf(name: string, element: string, serial = "A"): Readonly<Record<string, string>> {
  return { __name__: name, Element: element, Resource: "LUN", SN: serial, scrape_interval: "60" };
}

async function written(batches: readonly SeriesBatch[], options: Partial<HtmlReportOptions> = {}) {
  const result = await pipeline(fromItems(batches)).to(htmlReport({ path, ...options })).result;
  const page = await readFile(options.path ?? path, "utf8");
  const json = page.match(/id="report-data">([^<]*)</)?.[1] ?? "";
  return { result, report: JSON.parse(json) as ReportData };
}

function context(signal: AbortSignal = new AbortController().signal): RunContext {
  const meter = { bytes: 0, bytesTotal: 0, origins: 0, originsTotal: 0 };
  return { signal, logger: silentLogger, meter, emit: () => {} };
}
