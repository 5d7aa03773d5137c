import { MillraceError } from "@millrace/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { columnReader, columnWriter } from "./byte-columns.ts";

function written(values: readonly number[]): Uint8Array {
  const writer = columnWriter();
  writer.column(Float64Array.from(values));
  return writer.finish();
}

describe("a column", () => {
  it("comes back whatever its numbers need", () => {
    const widths = [8, 16, 32, 53].map((bits) =>
      fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** bits - 1 }),
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(...widths), { maxLength: 200 }), (values) => {
        const reader = columnReader(written(values));
        expect([...reader.column(values.length)]).toEqual(values);
        expect(reader.left).toBe(0);
      }),
    );
  });

  it.each([
    { most: "small", common: 100, bytes: 1 },
    { most: "above 127", common: 200, bytes: 1 },
    { most: "below -128", common: -200, bytes: 2 },
    { most: "of 16 bits", common: 65_535, bytes: 2 },
    { most: "of 32 bits", common: 70_000, bytes: 4 },
    { most: "larger", common: 2 ** 40, bytes: 8 },
  ])("takes $bytes bytes a number where most are $most, and a few are not", ({ common, bytes }) => {
    const values = Array.from({ length: 1000 }, (_, at) => (at % 250 === 7 ? -(2 ** 41) : common));
    expect(written(values).length / 1000).toBeLessThan(bytes + 0.06);
  });

  it.each([
    { what: "its kind is none", bytes: [9, 0, 0, 0] },
    { what: "a number that does not fit is outside", bytes: [0, 1, 2, 4, 0, 0] },
    { what: "it is short", bytes: [0, 0, 1] },
    { what: "numbers are not whole", bytes: [5, 0, ...new Array(14).fill(0), 0xf8, 0x7f] },
    { what: "what does not fit has no end", bytes: [0, 200, 1] },
  ])("is refused where $what", ({ bytes }) => {
    expect(() => columnReader(Uint8Array.from(bytes)).column(2)).toThrow(MillraceError);
  });
});
