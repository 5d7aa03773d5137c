import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Labels, SeriesTable } from "@millrace/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SeriesCounter } from "./series-counter.ts";

/** A resource of a table: elements times names. */
interface Part {
  readonly resource: string;
  readonly elements: readonly string[];
  readonly names: readonly string[];
}

function tableOf(parts: readonly Part[], serial = "A", interval = "60"): SeriesTable {
  const labels = parts.flatMap(({ resource, elements, names }) =>
    elements.flatMap((element) =>
      names.map(
        (name): Labels => ({
          __name__: name,
          Element: element,
          Resource: resource,
          SN: serial,
          scrape_interval: interval,
        }),
      ),
    ),
  );
  return { id: JSON.stringify(labels), labels };
}

describe("SeriesCounter", () => {
  it("counts what a set of all series would", () => {
    const few = (prefix: string) =>
      fc.array(
        fc.nat(4).map((n) => `${prefix}${n}`),
        { maxLength: 5 },
      );
    const part = fc.record({
      resource: fc.constantFrom("LUN", "Disk"),
      elements: few("e"),
      names: few("n"),
    });
    const table = fc.tuple(
      fc.array(part, { maxLength: 3 }),
      fc.constantFrom("A", "B"),
      fc.constantFrom("5", "60"),
    );
    fc.assert(
      fc.property(fc.array(table, { maxLength: 8 }), (shapes) => {
        const counter = new SeriesCounter();
        const all = new Set<string>();
        for (const shape of shapes) {
          const before = all.size;
          const made = tableOf(...shape);
          for (const labels of made.labels) all.add(JSON.stringify(labels));
          expect(counter.add(made)).toBe(all.size - before);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("does not mix up names with what divides them", () => {
    const counter = new SeriesCounter();
    const names = ["n"];
    const apart = [
      tableOf([{ resource: "LUN", elements: ["a", "b"], names }]),
      tableOf([{ resource: "LUN", elements: ["a\0b", "60\0LUN\0a"], names }]),
    ];
    expect(apart.map((table) => counter.add(table))).toEqual([2, 2]);
  });

  it("takes little memory for series that are all new, and still counts them", () => {
    const counter = new SeriesCounter();
    const names = Array.from({ length: 50 }, (_, i) => `huawei_a_metric_with_a_long_name_${i}`);
    const tables = 400;
    const before = memoryInUse();
    let series = 0;
    for (let i = 0; i < tables; i++) {
      const elements = Array.from({ length: 100 }, (_, n) => `element ${i} ${n}`);
      series += counter.add(tableOf([{ resource: "LUN", elements, names }]));
    }
    expect(series).toBe(tables * 100 * 50);
    // As texts they would take 200 MB.
    expect(memoryInUse() - before).toBeLessThan(8 * 1024 * 1024);
    expect(counter.add(tableOf([{ resource: "LUN", elements: ["element 0 0"], names }]))).toBe(0);
  });
});

function memoryInUse(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
