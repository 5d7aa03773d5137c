import { expect, test } from "vitest";
import { createRoadMeter, type RoadMeter } from "./road-meter.ts";

/** A road with a buffer of the system before it, in steps of a millisecond. */
interface Road {
  readonly rate: (ms: number) => number;
  readonly buffer: number;
  /** Whether the system says what it holds, every 100 ms. */
  readonly isTold: boolean;
}

interface Outcome {
  /** How old frames were when their last byte was through, in the second half of the time. */
  readonly ages: readonly number[];
  readonly meter: RoadMeter;
  /** Share of the road's time that it was used in the second half. */
  readonly use: number;
}

/** Sends a frame every 33 ms over a road, as a viewer does: newest wins, one at a time. */
function drive({ rate, buffer, isTold }: Road, seconds: number, frameBytes: number): Outcome {
  let nowMs = 0;
  const meter = createRoadMeter(() => nowMs);
  let held = 0;
  let outside = 0;
  let waitingSince: number | undefined;
  let busy = false;
  let written = 0;
  let through = 0;
  let used = 0;
  const under: { readonly end: number; readonly sinceMs: number }[] = [];
  const ages: number[] = [];
  let roadClear = 0;
  for (; nowMs < seconds * 1_000; nowMs++) {
    const isCounted = nowMs > seconds * 500;
    const gone = Math.min(held, rate(nowMs) / 1_000);
    held -= gone;
    through += gone;
    if (isCounted) used += gone / (rate(nowMs) / 1_000);
    const moved = Math.min(outside, buffer - held);
    held += moved;
    outside -= moved;
    if (busy && outside === 0) {
      busy = false;
      meter.taken();
    }
    while (under[0] && under[0].end <= through + 1e-6) {
      const { sinceMs } = under.shift() as { end: number; sinceMs: number };
      if (isCounted) ages.push(nowMs - sinceMs);
    }
    if (nowMs % 33 === 0) waitingSince = nowMs;
    if (isTold && nowMs % 100 === 0) meter.holds(held);
    if (busy || waitingSince === undefined || nowMs < roadClear) continue;
    const waitMs = meter.waitMs();
    if (waitMs > 0) {
      roadClear = nowMs + Math.ceil(waitMs);
      continue;
    }
    written += frameBytes;
    under.push({ end: written, sinceMs: waitingSince });
    waitingSince = undefined;
    outside = frameBytes;
    busy = true;
    meter.wrote(frameBytes);
    const fits = Math.min(outside, buffer - held);
    held += fits;
    outside -= fits;
    if (outside > 0) meter.full();
    else {
      busy = false;
      meter.taken();
    }
  }
  return { ages: ages.sort((one, other) => one - other), meter, use: used / (seconds * 500) };
}

const median = (ages: readonly number[]): number => ages[ages.length >> 1] ?? Number.NaN;

test("a fast road is never waited for, and never called slow", () => {
  const { ages, meter } = drive({ rate: () => 50e6, buffer: 2e6, isTold: false }, 20, 100_000);
  expect(meter.bytesPerSecond).toBeUndefined();
  expect(ages.length).toBeGreaterThan(300);
  expect(median(ages)).toBeLessThan(10);
});

test("a fast road that stands still for a moment is not called slow", () => {
  const rate = (ms: number): number => (ms > 5_000 && ms < 6_200 ? 1 : 50e6);
  const { meter, ages } = drive({ rate, buffer: 2e6, isTold: false }, 12, 100_000);
  expect(meter.bytesPerSecond).toBeUndefined();
  expect(median(ages)).toBeLessThan(10);
});

test.each([
  ["10 Mbit/s", 1.25e6],
  ["4 Mbit/s", 0.5e6],
])("on a road of %s frames are no seconds old when the system tells what it holds", (_, rate) => {
  const { ages, meter, use } = drive({ rate: () => rate, buffer: 2e6, isTold: true }, 40, 100_000);
  expect(meter.bytesPerSecond).toBeGreaterThan(rate * 0.7);
  expect(meter.bytesPerSecond).toBeLessThan(rate * 1.4);
  // A frame alone takes as long as the road takes for it; two or three may be under way.
  expect(median(ages)).toBeLessThan((3 * 100_000 * 1_000) / rate);
  expect(use).toBeGreaterThan(0.8);
});

test("and much younger than the buffer is long when it does not", () => {
  const rate = 1.25e6;
  const { ages, use } = drive({ rate: () => rate, buffer: 2e6, isTold: false }, 60, 100_000);
  expect(median(ages)).toBeLessThan((2e6 * 1_000) / rate / 2);
  expect(use).toBeGreaterThan(0.7);
});

test("a road that becomes fast again is found out", () => {
  const rate = (ms: number): number => (ms < 10_000 ? 1e6 : 50e6);
  for (const isTold of [true, false]) {
    const { meter } = drive({ rate, buffer: 2e6, isTold }, 150, 100_000);
    expect(meter.bytesPerSecond).toBeUndefined();
  }
});

test("a viewer that takes nothing is known, where the system says what it holds", () => {
  let nowMs = 0;
  const meter = createRoadMeter(() => nowMs);
  const say = (ms: number, sizeBytes: number): number => {
    nowMs = ms;
    meter.holds(sizeBytes);
    return meter.stuckMs;
  };
  meter.wrote(100_000);
  expect(meter.stuckMs, "nothing was said").toBe(0);
  expect(say(100, 100_000)).toBe(0);
  expect(say(200, 80_000)).toBe(0);
  expect(say(1_200, 80_000)).toBe(1_000);
  meter.wrote(5_000);
  expect(say(2_200, 85_000), "more was written, nothing has gone").toBe(2_000);
  nowMs = 9_000;
  expect(meter.stuckMs, "no news is no standstill").toBe(2_000);
  expect(say(9_000, 84_000)).toBe(0);
  expect(say(9_500, 0)).toBe(0);
  expect(say(20_000, 0), "nothing is held").toBe(0);
});
