import { type SeriesBatch, type SeriesTable, seriesBatch } from "@millrace/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { storageCharts } from "./charts.ts";
import { SKETCH_RELATIVE_ERROR } from "./quantile-sketch.ts";
import { ReportAccumulator } from "./report-accumulator.ts";

const IOPS = "huawei_total_iops_io_s";
const limits = { maxSeries: 1000, timeBuckets: 64 };
const MINUTE = 60_000;

describe("ReportAccumulator", () => {
  it("gives the figures of an exact computation: mask, divisor, negative readings, any order", () => {
    const cell = fc.oneof(fc.integer({ min: -3, max: 5_000 }), fc.constant(-1), fc.constant(0));
    const block = fc.record({
      minute: fc.nat(3_000),
      values: fc.array(cell, { minLength: 6, maxLength: 6 }),
      present: fc.option(fc.uint8Array({ minLength: 6, maxLength: 6, max: 1 })),
    });
    const input = fc.record({
      blocks: fc.array(block, { minLength: 1, maxLength: 30 }),
      divisor: fc.constantFrom(1, 1000, 1 / 1024),
    });
    fc.assert(
      fc.property(input, ({ blocks, divisor }) => {
        const table = {
          ...tableOf("A", ["L0", "L1"]),
          divisors: Float64Array.of(divisor, divisor),
        };
        const report = new ReportAccumulator(storageCharts, limits);
        const exact = [[], []] as [number[], number[]];
        for (const { minute, values, present } of blocks) {
          report.add(
            seriesBatch({
              table,
              firstSeries: 0,
              seriesCount: 2,
              grid: { startMs: minute * MINUTE, stepMs: MINUTE, count: 3 },
              values: Int32Array.from(values),
              ...(present === null ? {} : { present }),
              origins: [],
            }),
          );
          values.forEach((raw, cellIndex) => {
            if (present?.[cellIndex] === 0 || raw < 0) return;
            exact[cellIndex < 3 ? 0 : 1].push(raw / divisor);
          });
        }
        for (const [index, numbers] of exact.entries()) {
          const tracked = seriesOf(report, "A", `L${index}`);
          const summary = tracked?.data.summary();
          if (numbers.length === 0) {
            expect(summary?.count ?? 0).toBe(0);
            continue;
          }
          const sorted = numbers.toSorted((a, b) => a - b);
          const p95 = sorted[Math.ceil(0.95 * sorted.length) - 1] as number;
          expect(summary?.count).toBe(numbers.length);
          expect(summary?.min).toBe(sorted[0]);
          expect(summary?.max).toBe(sorted.at(-1));
          expect(summary?.mean).toBeCloseTo(numbers.reduce((a, b) => a + b) / numbers.length, 6);
          expect(Math.abs((summary?.p95 ?? 0) - p95)).toBeLessThanOrEqual(
            p95 * SKETCH_RELATIVE_ERROR + 2 ** -10,
          );
        }
      }),
    );
  });

  it("keeps arrays apart, also within one table and in batches of a part of it", () => {
    const a = tableOf("A", ["L0", "L1"]);
    const b = tableOf("B", ["L0"]);
    const table: SeriesTable = { id: "mixed", labels: [...a.labels, ...b.labels] };
    const report = new ReportAccumulator(storageCharts, limits);
    report.add(batchOf(table, 1, [10, 20, 30, 40], { startMs: 0, count: 2 }));
    report.add(batchOf(table, 0, [1, 3], { startMs: 5 * MINUTE, count: 2 }));
    expect(seriesOf(report, "A", "L0")?.data.summary()).toMatchObject({ count: 2, mean: 2 });
    expect(seriesOf(report, "A", "L1")?.data.summary()).toMatchObject({ count: 2, mean: 15 });
    expect(seriesOf(report, "B", "L0")?.data.summary()).toMatchObject({ count: 2, mean: 35 });
    expect(report.arrays.get("A")).toMatchObject({ samples: 4, firstMs: 0, lastMs: 6 * MINUTE });
    expect(report.arrays.get("B")).toMatchObject({ samples: 2, firstMs: 0, lastMs: MINUTE });
  });

  it("knows a table again by identity and by id", () => {
    const table = tableOf("A", ["L0"]);
    const report = new ReportAccumulator(storageCharts, limits);
    report.add(batchOf(table, 0, [1], { startMs: 0, count: 1 }));
    report.add(batchOf(table, 0, [2], { startMs: MINUTE, count: 1 }));
    report.add(batchOf(structuredClone(table), 0, [3], { startMs: 2 * MINUTE, count: 1 }));
    report.add(batchOf({ ...table, id: "other" }, 0, [4], { startMs: 3 * MINUTE, count: 1 }));
    expect(report.trackedSeries).toBe(1);
    expect(seriesOf(report, "A", "L0")?.data.summary()).toMatchObject({ count: 4, max: 4 });
  });

  it("reads the labels of a table once, also when it comes back as another object", () => {
    const report = new ReportAccumulator(storageCharts, limits);
    const table = tableOf("A", ["L0"]);
    const batch = batchOf(table, 0, [1], { startMs: 0, count: 1 });
    report.add(batch);
    const unread: SeriesTable = {
      id: table.id,
      get labels(): never {
        throw new Error("read again");
      },
    };
    report.add({ ...batch, table: unread });
    expect(seriesOf(report, "A", "L0")?.data.summary()).toMatchObject({ count: 2 });
  });

  it("keeps every sample in the right bucket while buckets grow coarser", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5_000), { minLength: 1, maxLength: 40 }), (minutes) => {
        const report = new ReportAccumulator(storageCharts, { maxSeries: 10, timeBuckets: 16 });
        const tables = ["L0", "L1"].map((element) => tableOf("A", [element]));
        for (const [index, minute] of minutes.entries()) {
          const table = tables[index % 2] as SeriesTable;
          report.add(batchOf(table, 0, [minute], { startMs: minute * MINUTE, count: 1 }));
        }
        const axis = report.arrays.get("A")?.axis;
        for (const [parity, element] of ["L0", "L1"].entries()) {
          const sums = new Float32Array(16);
          for (const [index, minute] of minutes.entries()) {
            if (index % 2 !== parity || axis === undefined) continue;
            (sums[axis.slotOf(axis.bucketOf(minute * MINUTE))] as number) += minute;
          }
          const held = seriesOf(report, "A", element)?.data.buckets.sums;
          if (minutes.length > parity) expect(held).toEqual(sums);
        }
      }),
    );
  });

  it("joins a series that two controllers report at the same time", () => {
    const report = new ReportAccumulator(storageCharts, limits);
    const grid = { startMs: 0, count: 2 };
    report.add(batchOf({ ...tableOf("A", ["L0"]), id: "SP0" }, 0, [1, 2], grid));
    report.add(batchOf({ ...tableOf("A", ["L0"]), id: "SP1" }, 0, [5, 6], grid));
    const { axis, series } = report.arrays.get("A") ?? {};
    const [tracked] = [...(series?.values() ?? [])];
    expect(tracked?.data.summary()).toMatchObject({ count: 4, min: 1, max: 6 });
    expect(tracked?.data.buckets.counts[axis?.slotOf(0) ?? 0]).toBe(2);
  });

  it("takes explicit times, whose buckets are as wide as their smallest distance", () => {
    const report = new ReportAccumulator(storageCharts, limits);
    const timesMs = Float64Array.of(0, 5 * MINUTE, 6 * MINUTE, 20 * MINUTE);
    const batch = batchOf(tableOf("A", ["L0"]), 0, [1, 2, 3, 4], { startMs: 0, count: 4 });
    report.add({ ...batch, grid: { timesMs } });
    const array = report.arrays.get("A");
    expect(array?.axis?.widthMs).toBe(MINUTE);
    expect(array).toMatchObject({ firstMs: 0, lastMs: 20 * MINUTE });
    const counts = seriesOf(report, "A", "L0")?.data.buckets.counts;
    expect([0, 5, 6, 20].map((slot) => counts?.[slot])).toEqual([1, 1, 1, 1]);
  });

  it("stops at the cap, counts what it leaves out once, and does not grow with time", () => {
    const report = new ReportAccumulator(storageCharts, { maxSeries: 5, timeBuckets: 64 });
    const names = Array.from({ length: 12 }, (_, index) => `L${index}`);
    for (let day = 0; day < 400; day++) {
      const table = { ...tableOf("A", names), id: `day ${day}` };
      const grid = { startMs: day * 86_400_000, count: 1 };
      report.add(
        batchOf(
          table,
          0,
          names.map((_, index) => index + day),
          grid,
        ),
      );
    }
    expect(report.trackedSeries).toBe(5);
    expect(report.droppedSeries).toBe(7);
    const series = [...(report.arrays.get("A")?.series.values() ?? [])];
    expect(series.length).toBe(5);
    for (const { data } of series) {
      expect(data.buckets.counts.length).toBe(64);
      expect(data.summary().count).toBe(400);
    }
    expect(report.samples).toBe(400 * 12);
  });

  it("holds no more than 64 arrays", () => {
    const report = new ReportAccumulator(storageCharts, limits);
    for (let index = 0; index < 100; index++) {
      report.add(batchOf(tableOf(`SN${index}`, ["L0"]), 0, [1], { startMs: 0, count: 1 }));
    }
    expect(report.arrays.size).toBe(64);
    expect(report.droppedSeries).toBe(36);
  });

  it("does not track other metrics, nor the metric on another resource", () => {
    const labels = [
      { __name__: "huawei_max_iops_io_s", Resource: "LUN", Element: "L0", SN: "A" },
      { __name__: IOPS, Resource: "Snapshot LUN", Element: "L0", SN: "A" },
      { __name__: IOPS, Element: "L0", SN: "A" },
    ];
    const report = new ReportAccumulator(storageCharts, limits);
    report.add(batchOf({ id: "others", labels }, 0, [1, 2, 3], { startMs: 0, count: 1 }));
    expect(report.trackedSeries).toBe(0);
    expect(report.arrays.get("A")?.samples).toBe(3);
  });

  it("ignores batches without a cell or a time", () => {
    const report = new ReportAccumulator(storageCharts, limits);
    const table = tableOf("A", ["L0"]);
    report.add(batchOf(table, 0, [], { startMs: 0, count: 0 }));
    const batch = batchOf(table, 0, [1], { startMs: 0, count: 1 });
    report.add({ ...batch, present: Uint8Array.of(0) });
    report.add({ ...batch, grid: { timesMs: Float64Array.of(Number.NaN) } });
    expect(report.samples).toBe(0);
    expect(report.arrays.get("A")?.samples ?? 0).toBe(0);
  });
});

function tableOf(serial: string, elements: readonly string[]): SeriesTable {
  return {
    id: `${serial}:${elements.join()}`,
    labels: elements.map((element) => ({
      __name__: IOPS,
      Element: element,
      Resource: "LUN",
      SN: serial,
      scrape_interval: "60",
    })),
  };
}

function batchOf(
  table: SeriesTable,
  firstSeries: number,
  values: readonly number[],
  { startMs, count }: { readonly startMs: number; readonly count: number },
): SeriesBatch {
  return seriesBatch({
    table,
    firstSeries,
    seriesCount: count === 0 ? 0 : values.length / count,
    grid: { startMs, stepMs: MINUTE, count },
    values: Float64Array.from(values),
    origins: [],
  });
}

function seriesOf(report: ReportAccumulator, serial: string, element: string) {
  const all = report.arrays.get(serial)?.series.values() ?? [];
  return [...all].find((series) => series.element === element);
}
