import fc from "fast-check";
import { expect, test } from "vitest";
import { createRtpTimes } from "./rtp-times.ts";

test("times follow from one frame whose both times are known, over the wrap of 32 bits too", () => {
  const property = fc.property(
    fc.nat(2 ** 31 - 1),
    fc.integer({ min: 0, max: 10 ** 10 }),
    fc.integer({ min: -(10 ** 9), max: 10 ** 9 }),
    (base, timestamp, away) => {
      const ticks = (at: number): number =>
        (((base * 2 + Math.round(at * 0.09)) % 2 ** 32) + 2 ** 32) % 2 ** 32;
      const times = createRtpTimes();
      expect(times.toTimestamp(ticks(timestamp))).toBeUndefined();
      times.anchor(ticks(timestamp), timestamp);
      expect(times.toTimestamp(ticks(timestamp))).toBe(timestamp);
      const found = times.toTimestamp(ticks(timestamp + away)) ?? Number.NaN;
      // A tick is eleven microseconds.
      expect(Math.abs(found - (timestamp + away))).toBeLessThan(12);
    },
  );
  fc.assert(property);
});
