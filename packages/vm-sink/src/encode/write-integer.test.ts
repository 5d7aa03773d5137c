import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LONGEST_INTEGER, writeInteger } from "./write-integer.ts";

function written(value: number): string {
  const bytes = Buffer.alloc(LONGEST_INTEGER + 2, "x");
  return bytes.toString("latin1", 1, writeInteger(bytes, 1, value));
}

describe("writeInteger", () => {
  it("writes what String does, for every number of 32 bits", () => {
    const int = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
    const short = fc.integer({ min: -20_000, max: 20_000 });
    fc.assert(
      fc.property(fc.oneof(int, short), (value) => {
        expect(written(value)).toBe(String(value));
      }),
      { numRuns: 2_000 },
    );
  });

  it("writes the borders between its roads", () => {
    const powers = Array.from({ length: 10 }, (_, i) => 10 ** i);
    const borders = [0, 2 ** 31 - 1, ...powers.flatMap((p) => [p - 1, p, p + 1])];
    for (const value of borders) {
      expect(written(value)).toBe(String(value));
      if (value > 0) expect(written(-value)).toBe(String(-value));
    }
    expect(written(-(2 ** 31))).toBe("-2147483648");
  });
});
