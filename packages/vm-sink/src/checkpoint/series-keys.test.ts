import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyLabels } from "../../test/samples.ts";
import { foldNumber, SeriesKeys, seriesKey } from "./series-keys.ts";

describe("series keys", () => {
  it("do not depend on the order of labels, on empty ones, or on the table", () => {
    fc.assert(
      fc.property(anyLabels, anyLabels, (labels, other) => {
        const turned = Object.fromEntries(Object.entries(labels).reverse());
        expect(seriesKey({ ...turned, nothing: "" })).toBe(seriesKey(labels));
        const keys = new SeriesKeys().get({ id: "t", labels: [other, labels] });
        expect(keys[1]).toBe(seriesKey(labels));
      }),
    );
  });

  it("tell 200,000 series of the usual kind apart", () => {
    const keys = new Set<number>();
    for (let element = 0; element < 2_000; element++) {
      for (let metric = 0; metric < 100; metric++) {
        keys.add(seriesKey({ __name__: `m${metric}`, element: `LUN${element}`, SN: "1" }));
      }
    }
    expect(keys.size).toBe(200_000);
    expect([...keys].every(Number.isSafeInteger)).toBe(true);
  });

  it("tell a name from a value", () => {
    expect(seriesKey({ ab: "c" })).not.toBe(seriesKey({ a: "bc" }));
    expect(seriesKey({ a: "b", c: "d" })).not.toBe(seriesKey({ a: "d", c: "b" }));
  });
});

describe("foldNumber", () => {
  it("depends on every number and on their order", () => {
    const print = (numbers: readonly number[]): number => numbers.reduce(foldNumber, 0);
    fc.assert(
      fc.property(
        fc.array(fc.maxSafeInteger(), { minLength: 2, maxLength: 8 }),
        fc.nat(7),
        (numbers, at) => {
          const index = at % numbers.length;
          const changed = numbers.with(
            index,
            (numbers[index] as number) + (numbers[index] === 0 ? 1 : -1),
          );
          expect(print(changed)).not.toBe(print(numbers));
          expect(Number.isSafeInteger(print(numbers))).toBe(true);
        },
      ),
    );
    expect(print([1, 2])).not.toBe(print([2, 1]));
  });
});
