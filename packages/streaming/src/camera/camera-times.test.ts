import fc from "fast-check";
import { expect, test } from "vitest";
import { createCameraTimes } from "./camera-times.ts";

test("within a connection the steps are the camera's own; over a loss they are those that passed", () => {
  let nowMs = 5_000;
  const times = createCameraTimes(() => nowMs);
  times.begin();
  expect([700_000, 740_000, 780_000].map((one) => times.place(one))).toEqual([0, 40_000, 80_000]);
  nowMs += 3_000;
  expect(times.now()).toBe(3_080_000);
  times.begin();
  expect([20, 40_020].map((one) => times.place(one))).toEqual([3_080_000, 3_120_000]);
});

test("they rise whatever the camera's clock does", () => {
  const step = fc.record({
    timestamp: fc.integer({ min: -1e12, max: 1e12 }),
    passedMs: fc.nat(5_000),
    isNew: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 2 }), (steps) => {
      let nowMs = 0;
      const times = createCameraTimes(() => nowMs);
      const placed = steps.map(({ timestamp, passedMs, isNew }) => {
        nowMs += passedMs;
        if (isNew) times.begin();
        return times.place(timestamp);
      });
      expect(placed).toEqual([...new Set(placed)].sort((one, other) => one - other));
    }),
  );
});
