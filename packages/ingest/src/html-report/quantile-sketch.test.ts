import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { QuantileSketch, SKETCH_RELATIVE_ERROR } from "./quantile-sketch.ts";

const quantiles = fc.constantFrom(0, 0.01, 0.5, 0.9, 0.95, 0.99, 1);

describe("QuantileSketch", () => {
  it("is within its error of the exact nearest-rank quantile, over its whole range", () => {
    const number = fc.oneof(
      fc.double({ min: 2 ** -10, max: 2 ** 41 - 2 ** 20, noNaN: true }),
      fc.double({ min: 1, max: 100, noNaN: true }),
      fc.constant(0),
    );
    fc.assert(
      fc.property(fc.array(number, { minLength: 1, maxLength: 300 }), quantiles, (numbers, q) => {
        const exact = nearestRank(numbers, q);
        expect(Math.abs(sketchOf(numbers).quantile(q) - exact)).toBeLessThanOrEqual(
          exact * SKETCH_RELATIVE_ERROR,
        );
      }),
    );
  });

  it("is exact for whole numbers below 64, and whole above", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(63), { minLength: 1, maxLength: 300 }),
        quantiles,
        (numbers, q) => {
          expect(sketchOf(numbers).quantile(q, true)).toBe(nearestRank(numbers, q));
        },
      ),
    );
    const answer = sketchOf([12_345]).quantile(0.5, true);
    expect(Number.isInteger(answer)).toBe(true);
    expect(Math.abs(answer - 12_345)).toBeLessThan(12_345 * SKETCH_RELATIVE_ERROR);
  });

  it("does not depend on the order of the numbers", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { minLength: 1 }),
        (numbers) => {
          const sorted = numbers.toSorted((a, b) => a - b);
          expect(sketchOf(numbers).quantile(0.95)).toBe(sketchOf(sorted).quantile(0.95));
        },
      ),
    );
  });

  it("counts what is too small as 0 and keeps what is too great", () => {
    expect(sketchOf([1e-5, 1e-300]).quantile(1)).toBe(0);
    expect(sketchOf([1e30, Number.MAX_VALUE]).quantile(1)).toBeGreaterThan(2 ** 40);
  });

  it("answers NaN when nothing was counted", () => {
    expect(new QuantileSketch().quantile(0.5)).toBeNaN();
  });
});

function sketchOf(numbers: readonly number[]): QuantileSketch {
  const sketch = new QuantileSketch();
  for (const number of numbers) sketch.add(number);
  return sketch;
}

function nearestRank(numbers: readonly number[], q: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil(q * sorted.length)) - 1] as number;
}
