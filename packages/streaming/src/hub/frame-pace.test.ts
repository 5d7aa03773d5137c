import fc from "fast-check";
import { expect, test } from "vitest";
import { createFramePace } from "./frame-pace.ts";

/** Numbers of the frames that are taken of a source with even times. */
function taken(from: number, to: number | undefined, frames: number): number[] {
  const isWanted = createFramePace(to);
  return Array.from({ length: frames }, (_, number) => number).filter((number) =>
    isWanted(Math.round((number * 1_000_000) / from)),
  );
}

test("every frame is taken where no rate is given, or one that is higher", () => {
  expect(taken(30, undefined, 5)).toEqual([0, 1, 2, 3, 4]);
  expect(taken(30, 60, 5)).toEqual([0, 1, 2, 3, 4]);
});

test("half of the frames are every other one, two thirds two of three", () => {
  expect(taken(25, 12.5, 10)).toEqual([0, 2, 4, 6, 8]);
  expect(taken(30, 20, 10)).toEqual([0, 2, 3, 5, 6, 8, 9]);
});

test("the rate is kept over a long time, whatever both rates are and however times tremble", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 10, max: 60 }),
      fc.double({ min: 0.1, max: 1, noNaN: true }),
      fc.array(fc.integer({ min: -2_000, max: 2_000 }), { minLength: 50, maxLength: 50 }),
      (from, share, tremor) => {
        const to = from * share;
        const isWanted = createFramePace(to);
        let count = 0;
        const seconds = 60;
        for (let number = 0; number < from * seconds; number++) {
          if (isWanted((number * 1_000_000) / from + (tremor[number % 50] ?? 0))) count++;
        }
        expect(count).toBeLessThanOrEqual(to * seconds + 1);
        // A source cannot give more than every frame, nor one that falls between two of its own.
        expect(count).toBeGreaterThanOrEqual(Math.floor(to * seconds * 0.95) - 1);
      },
    ),
    { numRuns: 100 },
  );
});

test("a source that stood still is not made up for", () => {
  const isWanted = createFramePace(10);
  expect([0, 50_000, 10_000_000, 10_050_000, 10_100_000].map(isWanted)).toEqual([
    true,
    false,
    true,
    false,
    true,
  ]);
});
