import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gridLength, gridRange, gridTimes } from "./time-grid.ts";

const explicit = { timesMs: Float64Array.of(5, 10, 60) };

describe("time grids", () => {
  it("gives the times of a regular grid", () => {
    const grid = { startMs: 1_000, stepMs: 500, count: 3 };
    expect(gridLength(grid)).toBe(3);
    expect(gridTimes(grid)).toEqual(Float64Array.of(1_000, 1_500, 2_000));
    expect(gridRange(grid)).toEqual({ firstMs: 1_000, lastMs: 2_000 });
  });

  it("gives the times of an explicit grid without a copy", () => {
    expect(gridLength(explicit)).toBe(3);
    expect(gridTimes(explicit)).toBe(explicit.timesMs);
    expect(gridRange(explicit)).toEqual({ firstMs: 5, lastMs: 60 });
  });

  it("says NaN for the range of no times", () => {
    expect(gridRange({ timesMs: new Float64Array() })).toEqual({
      firstMs: Number.NaN,
      lastMs: Number.NaN,
    });
  });

  it("has a range that agrees with its times", () => {
    const grid = fc.record({
      startMs: fc.integer({ min: 0, max: 2 ** 42 }),
      stepMs: fc.integer({ min: 1, max: 86_400_000 }),
      count: fc.integer({ min: 1, max: 200 }),
    });
    fc.assert(
      fc.property(grid, (regular) => {
        const times = gridTimes(regular);
        expect(times).toHaveLength(gridLength(regular));
        expect(gridRange({ timesMs: times })).toEqual(gridRange(regular));
      }),
    );
  });
});
