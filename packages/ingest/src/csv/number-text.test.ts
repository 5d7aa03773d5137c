import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decimalPlaces, LONGEST_NUMBER, writeQuotient } from "./number-text.ts";

function written(raw: number, divisor: number, point: boolean): string {
  const bytes = Buffer.alloc(LONGEST_NUMBER + 20, "#");
  const places = Number.isInteger(raw) && Math.abs(raw) <= 2 ** 31 ? decimalPlaces(divisor) : -1;
  const end = writeQuotient(bytes, 10, raw, divisor, places, point);
  expect(end - 10).toBeLessThanOrEqual(LONGEST_NUMBER);
  expect(bytes.toString("latin1", 0, 10)).toBe("#".repeat(10));
  return bytes.toString("latin1", 10, end);
}

describe("writeQuotient", () => {
  const int32 = fc.oneof(
    fc.integer(),
    fc.integer({ min: -20_000, max: 20_000 }),
    fc.constantFrom(-(2 ** 31), 2 ** 31 - 1, 999_999_999, 1_000_000_000),
  );
  const divisor = fc.oneof(
    fc.constantFrom(1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 1024, 1 / 1024, -3),
    fc.double({ noNaN: true }),
  );

  it("reads back as exactly raw / divisor, for whole numbers", () => {
    fc.assert(
      fc.property(int32, divisor, fc.boolean(), (raw, by, point) => {
        const quotient = raw / by;
        const text = written(raw, by, point);
        if (!Number.isFinite(quotient)) expect(text).toBe("");
        else expect(Number(text) + 0).toBe(quotient + 0);
      }),
      { numRuns: 5_000 },
    );
  });

  it("reads back as exactly the number, for all others", () => {
    fc.assert(
      fc.property(fc.double(), (value) => {
        const text = written(value, 1, true);
        if (Number.isFinite(value)) expect(Number(text) + 0).toBe(value + 0);
        else expect(text).toBe("");
      }),
      { numRuns: 5_000 },
    );
  });

  it.each([
    [15, 1, "15.0", "15"],
    [-1, 1, "-1.0", "-1"],
    [1, 1000, "0.001", "0.001"],
    [-1500, 1000, "-1.5", "-1.5"],
    [-500, 1000, "-0.5", "-0.5"],
    [2000, 1000, "2.0", "2"],
    [0, 1000, "0.0", "0"],
    [123_456, 1024, "120.5625", "120.5625"],
    [3, 1 / 1024, "3072.0", "3072"],
    [2 ** 31 - 1, 1 / 1024, "2199023254528.0", "2199023254528"],
    [-(2 ** 31), 1, "-2147483648.0", "-2147483648"],
    [-0, 1, "0.0", "0"],
    [1e300, 1, "1e+300", "1e+300"],
  ])("writes %d / %d as %s, or %s", (raw, by, withPoint, without) => {
    expect(written(raw, by, true)).toBe(withPoint);
    expect(written(raw, by, false)).toBe(without);
  });
});

describe("decimalPlaces", () => {
  it.each([
    [1, 0],
    [10, 1],
    [1000, 3],
    [1_000_000, 6],
    [10_000_000, -1],
    [1024, -1],
    [0.1, -1],
    [-1, -1],
    [Number.NaN, -1],
  ])("of %d is %d", (divisor, places) => {
    expect(decimalPlaces(divisor)).toBe(places);
  });
});
