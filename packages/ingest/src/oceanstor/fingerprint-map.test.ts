import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FingerprintMap } from "./fingerprint-map.ts";

describe("FingerprintMap", () => {
  it("keeps a number for each text, as a Map does", () => {
    const text = fc.string({ maxLength: 3 });
    const step = fc.tuple(text, fc.integer({ min: 1, max: 0xffff_ffff }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const map = new FingerprintMap();
        const truth = new Map<string, number>();
        for (const [key, value] of steps) {
          map.update(key, (before) => {
            expect(before).toBe(truth.get(key) ?? 0);
            return value;
          });
          truth.set(key, value);
        }
      }),
    );
  });

  it("knows every text again when it has grown", () => {
    const map = new FingerprintMap();
    const texts = Array.from({ length: 20_000 }, (_, i) => `text ${i}`);
    expect(texts.filter((text) => map.add(text))).toHaveLength(20_000);
    expect(texts.filter((text) => map.add(text))).toHaveLength(0);
    expect(map.add("another")).toBe(true);
  });
});
