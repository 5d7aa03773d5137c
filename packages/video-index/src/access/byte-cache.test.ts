import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { byteCache } from "./byte-cache.ts";

type Step =
  | { readonly do: "set"; readonly key: number; readonly sizeBytes: number; readonly cost: number }
  | { readonly do: "get" | "drop"; readonly key: number };
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant("set" as const),
    key: fc.nat(9),
    sizeBytes: fc.nat(60),
    cost: fc.integer({ min: 1, max: 50 }),
  }),
  fc.record({ do: fc.constantFrom("get" as const, "drop" as const), key: fc.nat(9) }),
);

describe("byteCache", () => {
  it("stays within its budget, gives back what was put in, and releases everything once", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.nat(150), (steps, budget) => {
        const released: object[] = [];
        const cache = byteCache<object>(budget, (value) => released.push(value));
        const last = new Map<string, object>();
        let made = 0;
        for (const one of steps) {
          const key = `k${one.key}`;
          if (one.do === "set") {
            const value = { made: made++ };
            last.set(key, value);
            cache.set(key, value, one);
          } else if (one.do === "get") {
            const found = cache.get(key);
            if (found !== undefined) expect(found).toBe(last.get(key));
          } else cache.drop(key);
          const { sizeBytes, hits, misses } = cache.stats;
          expect(sizeBytes).toBeLessThanOrEqual(budget);
          const rate = hits + misses === 0 ? 0 : hits / (hits + misses);
          expect(rate).toBeGreaterThanOrEqual(0);
          expect(rate).toBeLessThanOrEqual(1);
        }
        cache.drop("");
        expect(new Set(released).size).toBe(made);
        expect(released.length).toBe(made);
        expect(cache.stats).toMatchObject({ entries: 0, sizeBytes: 0 });
      }),
    );
  });

  it("keeps nothing where it has no room, not even what has no bytes", () => {
    const cache = byteCache<string>(0, () => {});
    cache.set("empty", "nothing", { sizeBytes: 0, cost: 1 });
    expect(cache.stats).toMatchObject({ entries: 0, sizeBytes: 0 });
  });

  it("lets go of what is cheap to make again before what is dear", () => {
    const cache = byteCache<string>(100, () => {});
    cache.set("dear", "a 60th frame", { sizeBytes: 50, cost: 60 });
    cache.set("cheap", "a key frame", { sizeBytes: 50, cost: 1 });
    cache.set("next", "a 5th frame", { sizeBytes: 50, cost: 5 });
    expect(["dear", "cheap", "next"].map((key) => cache.has(key))).toEqual([true, false, true]);
  });

  it("forgets in the end what was dear and is never asked for", () => {
    const cache = byteCache<number>(100, () => {});
    cache.set("dear", 0, { sizeBytes: 50, cost: 60 });
    for (let at = 0; at < 200; at++) cache.set(`scan ${at}`, at, { sizeBytes: 50, cost: 2 });
    expect(cache.has("dear")).toBe(false);
  });
});
