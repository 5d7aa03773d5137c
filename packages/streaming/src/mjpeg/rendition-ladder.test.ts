import { expect, test } from "vitest";
import { createRenditionLadder, ladderOf } from "./rendition-ladder.ts";

const SIZES = [100_000, 50_000, 30_000];

/** A viewer who is offered 30 frames a second, of which the road takes what it can. */
function second(
  ladder: ReturnType<typeof createRenditionLadder>,
  step: number,
  rate?: number,
): number {
  for (let frame = 0; frame < 30; frame++) ladder.offered();
  ladder.sent(SIZES[step] ?? 0);
  return ladder.judge(rate);
}

test("a road that carries too few frames is given smaller ones, step by step, and never more than there are", () => {
  const ladder = createRenditionLadder(SIZES.length);
  let step = 0;
  const steps = Array.from({ length: 12 }, () => (step = second(ladder, step, 100_000)));
  expect(steps).toEqual([0, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2]);
});

test("a road that is a little too slow loses frames only", () => {
  const ladder = createRenditionLadder(SIZES.length);
  expect(Array.from({ length: 20 }, () => second(ladder, 0, 1_600_000))).not.toContain(1);
});

test("it goes up again when the road is better for a while, and waits longer after a try that did not last", () => {
  const ladder = createRenditionLadder(2);
  let step = 0;
  const secondsUntil = (wanted: number, rate?: number): number => {
    for (let seconds = 1; seconds < 100; seconds++) {
      step = second(ladder, step, rate);
      if (step === wanted) return seconds;
    }
    return Number.POSITIVE_INFINITY;
  };
  const tries = Array.from({ length: 6 }, () => [secondsUntil(1, 1_000_000), secondsUntil(0)]);
  expect(tries.map(([down]) => down)).toEqual([2, 2, 2, 2, 2, 2]);
  expect(tries.map(([, up]) => up)).toEqual([5, 10, 20, 40, 60, 60]);
});

test("steps are lower qualities and at last half the size", () => {
  expect(ladderOf({}, 640)).toEqual([
    {},
    { quality: 60 },
    { quality: 40 },
    { quality: 40, width: 320 },
  ]);
  expect(ladderOf({ quality: 30, height: 90, framerate: 5 }, 160)).toEqual([
    { quality: 30, height: 90, framerate: 5 },
    { quality: 30, width: 80, framerate: 5 },
  ]);
});
