import { describe, expect, it } from "vitest";
import { checkFeeds } from "./check-feeds.ts";
import { elementCount, tensor } from "./tensor.ts";

const specs = [
  { name: "a", type: "float32", dims: ["batch", 3] },
  { name: "b", type: "int64", dims: ["batch"] },
] as const;
const a = (rows: number) => tensor("float32", new Float32Array(rows * 3), [rows, 3]);
const b = (rows: number) => tensor("int64", new BigInt64Array(rows), [rows]);

describe("checkFeeds", () => {
  it("tells the sizes of named axes", () => {
    expect(checkFeeds(specs, { a: a(2), b: b(2) })).toEqual({ batch: 2 });
  });

  it.each([
    ["a missing input", { a: a(1) }, 'The input "b" is missing.'],
    ["an unknown one", { a: a(1), b: b(1), c: b(1) }, 'no input "c"; it has a, b'],
    [
      "another type",
      { a: a(1), b: tensor("int32", new Int32Array(1), [1]) },
      "int32 [1] was given",
    ],
    ["another rank", { a: a(1), b: tensor("int64", new BigInt64Array(1), [1, 1]) }, "[1, 1]"],
    ["another size", { a: tensor("float32", new Float32Array(4), [1, 4]), b: b(1) }, "[1, 4]"],
    ["two sizes of one axis", { a: a(1), b: b(2) }, "where batch is 1 elsewhere"],
    [
      "an array of another class",
      { a: { ...a(1), data: new Float64Array(3) as never }, b: b(1) },
      "needs a Float32Array; it has Float64Array",
    ],
    [
      "a shape that lies",
      { a: { ...a(1), data: new Float32Array(2) }, b: b(1) },
      "float32 [1, 3] and has 2 elements",
    ],
  ])("refuses %s", (_, feeds, message) => {
    expect(() => checkFeeds(specs, feeds)).toThrow(
      expect.objectContaining({
        code: "INVALID_OPTION",
        message: expect.stringContaining(message),
      }),
    );
  });
});

describe("tensor", () => {
  it("takes arrays that fill their shape, and no others", () => {
    expect(tensor("uint8", new Uint8Array(6), [2, 3]).dims).toEqual([2, 3]);
    expect(elementCount([])).toBe(1);
    expect(() => tensor("uint8", new Uint8Array(5), [2, 3])).toThrow(
      "A tensor of shape [2, 3] holds 6 elements; the array has 5.",
    );
  });
});
