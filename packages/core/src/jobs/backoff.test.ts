import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backoffMs } from "./backoff.ts";

describe("backoffMs", () => {
  it("doubles its bound with each attempt, up to the most", () => {
    const bounds = [1, 2, 3, 4, 5].map((attempts) =>
      backoffMs(attempts, { firstMs: 100, mostMs: 1_000 }, 1),
    );
    expect(bounds).toEqual([100, 200, 400, 800, 1_000]);
    expect(backoffMs(3, { firstMs: 100, mostMs: 1_000 }, 0.5)).toBe(200);
  });

  it("is a whole number between 0 and its bound, however many attempts there were", () => {
    const ms = fc.nat(1e9);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), ms, ms, (attempts, firstMs, mostMs) => {
        const pause = backoffMs(attempts, { firstMs, mostMs });
        expect(Number.isInteger(pause)).toBe(true);
        expect(pause).toBeGreaterThanOrEqual(0);
        expect(pause).toBeLessThanOrEqual(mostMs);
      }),
    );
  });
});
