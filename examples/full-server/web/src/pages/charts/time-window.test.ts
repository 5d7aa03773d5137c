import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fitWindow, panWindow, type WindowMs, zoomWindow } from "./time-window.ts";

const window = fc
  .tuple(fc.integer({ min: -1e9, max: 1e9 }), fc.integer({ min: 1, max: 1e9 }))
  .map(([from, width]): WindowMs => [from, from + width]);

describe("the window of a chart", () => {
  it("stays within its bounds, and as wide as it was where they allow it", () => {
    fc.assert(
      fc.property(window, window, fc.integer({ min: 1, max: 1e6 }), (wanted, bounds, narrowest) => {
        const [from, to] = fitWindow(wanted, bounds, narrowest);
        const most = bounds[1] - bounds[0];
        expect(from).toBeGreaterThanOrEqual(bounds[0]);
        expect(to).toBeLessThanOrEqual(bounds[1]);
        expect(to - from).toBe(Math.min(most, Math.max(narrowest, wanted[1] - wanted[0])));
      }),
    );
  });

  it("is left alone where it fits", () => {
    expect(fitWindow([20, 40], [0, 100], 5)).toEqual([20, 40]);
  });

  it("comes back when it is moved there and back", () => {
    expect(panWindow(panWindow([1000, 2000], 1), -1)).toEqual([1000, 2000]);
    expect(zoomWindow(zoomWindow([1000, 2000], 0.5), 2)).toEqual([1000, 2000]);
  });
});
