import fc from "fast-check";
import { from, lastValueFrom, toArray } from "rxjs";
import { describe, expect, it } from "vitest";
import { exponentialAverage } from "./exponential-average.ts";
import { trimmedMedian } from "./trimmed-median.ts";

const numbers = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1 });
const all = (values: readonly number[], operator: ReturnType<typeof exponentialAverage>) =>
  lastValueFrom(from(values).pipe(operator, toArray()));

describe("exponentialAverage", () => {
  it("weighs the new number against what was", async () => {
    expect(await all([4, 8, 8], exponentialAverage(0.25))).toEqual([4, 5, 5.75]);
    expect(await all([4, 8, 1], exponentialAverage(1))).toEqual([4, 8, 1]);
  });

  it("stays between the least and the greatest number, and begins anew for each subscriber", async () => {
    await fc.assert(
      fc.asyncProperty(numbers, async (values) => {
        const smooth = exponentialAverage(0.3);
        const results = await all(values, smooth);
        expect(await all(values, smooth)).toEqual(results);
        for (const result of results) {
          expect(result).toBeGreaterThanOrEqual(Math.min(...values) - 1e-9);
          expect(result).toBeLessThanOrEqual(Math.max(...values) + 1e-9);
        }
      }),
    );
  });

  it("refuses a weight that is none", () => {
    for (const weight of [0, 1.1, Number.NaN]) {
      expect(() => exponentialAverage(weight)).toThrow(/above 0 and at most 1/);
    }
  });
});

describe("trimmedMedian", () => {
  it("is the median, the moving average, and what lies between", async () => {
    expect(await all([5, 90, 6, 7], trimmedMedian({ size: 3, trim: 0.5 }))).toEqual([
      5, 47.5, 6, 7,
    ]);
    expect(await all([1, 2, 6], trimmedMedian({ size: 2, trim: 0 }))).toEqual([1, 1.5, 4]);
    const middle = await all([0, 10, 20, 900], trimmedMedian({ size: 4 }));
    expect(middle.at(-1)).toBe(15);
  });

  it("does not care for outliers that are fewer than it trims", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 4 }), fc.integer(), async (at, outlier) => {
        const values = [7, 7, 7, 7, 7].with(at, outlier);
        expect((await all(values, trimmedMedian({ size: 5 }))).at(-1)).toBe(7);
      }),
    );
  });

  it("refuses options out of their range", () => {
    for (const options of [{ size: 0 }, { size: 1.5 }, { size: 3, trim: 0.6 }]) {
      expect(() => trimmedMedian(options)).toThrow(/size must be a whole number/);
    }
  });
});
