import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { costModel } from "./cost-model.ts";

const each = [1, 2, 4, 8, 16, 32].flatMap((size) => new Array<number>(8).fill(size));
const sizes = fc.shuffledSubarray(each, { minLength: each.length });

describe("costModel", () => {
  it("finds the time of an item and of a batch from batches of different sizes", () =>
    fc.assert(
      fc.property(
        sizes,
        fc.double({ min: 0.1, max: 20, noNaN: true }),
        fc.double({ min: 0.1, max: 20, noNaN: true }),
        (list, perItemMs, fixedMs) => {
          const model = costModel();
          for (const size of list) model.observe(size, perItemMs * size + fixedMs);
          for (const size of [1, 8, 32]) {
            const exact = perItemMs * size + fixedMs;
            expect(Math.abs(model.timeMs(size) - exact) / exact).toBeLessThan(0.15);
          }
        },
      ),
    ));

  it("gives neither part a negative time, whatever it sees", () =>
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.integer({ min: 1, max: 32 }), fc.double({ min: 0, max: 1e4, noNaN: true })),
        ),
        (batches) => {
          const model = costModel();
          for (const [size, tookMs] of batches) model.observe(size, tookMs);
          const { perItemMs, fixedMs } = model.cost;
          expect(perItemMs).toBeGreaterThanOrEqual(0);
          expect(fixedMs).toBeGreaterThanOrEqual(0);
          expect(model.timeMs(7)).not.toBeNaN();
        },
      ),
    ));

  it("is not led astray by one batch that took long", () => {
    const model = costModel();
    for (let i = 0; i < 40; i++) model.observe(1 + (i % 8), 2 + (i % 8) + 1);
    model.observe(4, 500);
    expect(model.timeMs(4)).toBeLessThan(7);
    expect(model.timeMs(4)).toBeGreaterThan(5);
  });

  it("believes a device that changed within ten batches", () => {
    const model = costModel();
    for (let i = 0; i < 100; i++) model.observe(1 + (i % 8), 5 + (1 + (i % 8)));
    for (let i = 0; i < 10; i++) model.observe(1 + (i % 8), 20 + 3 * (1 + (i % 8)));
    expect(Math.abs(model.timeMs(4) - 32)).toBeLessThan(4);
  });

  it("knows nothing before the first batch", () => {
    expect(costModel().timeMs(3)).toBe(0);
    expect(costModel().cost).toEqual({ perItemMs: 0, fixedMs: 0 });
  });
});
