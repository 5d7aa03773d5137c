import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TimeAxis, TimeBuckets } from "./time-buckets.ts";

const MINUTE = 60_000;

describe("TimeAxis", () => {
  it("keeps the first width as long as the range fits", () => {
    const axis = new TimeAxis(16, MINUTE, 7_000);
    expect(axis.cover(7_000, 7_000 + 15 * MINUTE)).toBe(0);
    expect(axis.startOf(axis.first)).toBe(7_000);
    expect(axis.last - axis.first).toBe(15);
  });

  it("doubles the width until the range fits, and never more often", () => {
    const axis = new TimeAxis(16, MINUTE, 0);
    expect(axis.cover(0, 15 * MINUTE)).toBe(0);
    expect(axis.cover(16 * MINUTE, 16 * MINUTE)).toBe(1);
    expect(axis.widthMs).toBe(2 * MINUTE);
    expect(axis.cover(-50 * MINUTE, -50 * MINUTE)).toBe(2);
    expect(axis.widthMs).toBe(8 * MINUTE);
    expect(axis.startOf(axis.first)).toBeLessThanOrEqual(-50 * MINUTE);
  });

  it("uses at least half of its buckets once it had to double", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 40 }), (spanMs) => {
        const axis = new TimeAxis(720, MINUTE, 0);
        const doublings = axis.cover(0, spanMs);
        const used = axis.last - axis.first + 1;
        expect(used).toBeLessThanOrEqual(720);
        if (doublings > 0) expect(used).toBeGreaterThanOrEqual(360);
      }),
    );
  });

  it("survives a width that is none", () => {
    expect(new TimeAxis(16, Number.NaN, 0).widthMs).toBe(1);
    expect(new TimeAxis(16, 0, 0).cover(0, 1_000_000)).toBeGreaterThan(0);
  });
});

describe("TimeBuckets", () => {
  it("holds the counts, sums and peaks of its buckets, whatever the order of the times", () => {
    const sample = fc.record({
      minute: fc.integer({ min: -5_000, max: 5_000 }),
      value: fc.integer({ min: 0, max: 1_000 }),
    });
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 200 }), (samples) => {
        const axis = new TimeAxis(32, MINUTE, 0);
        let buckets = new TimeBuckets(32);
        for (const { minute, value } of samples) buckets = put(axis, buckets, minute, value);
        const expected = new Map<number, { count: number; sum: number; peak: number }>();
        for (const { minute, value } of samples) {
          const bucket = Math.floor((minute * MINUTE) / axis.widthMs);
          const { count, sum, peak } = expected.get(bucket) ?? { count: 0, sum: 0, peak: 0 };
          expected.set(bucket, {
            count: count + 1,
            sum: sum + value,
            peak: Math.max(peak, value),
          });
        }
        for (let bucket = axis.first; bucket <= axis.last; bucket++) {
          const slot = axis.slotOf(bucket);
          expect({
            count: buckets.counts[slot],
            sum: buckets.sums[slot],
            peak: buckets.peaks[slot],
          }).toEqual(expected.get(bucket) ?? { count: 0, sum: 0, peak: 0 });
        }
        const total = buckets.counts.reduce((sum, count) => sum + count, 0);
        expect(total).toBe(samples.length);
      }),
    );
  });
});

function put(axis: TimeAxis, buckets: TimeBuckets, minute: number, value: number): TimeBuckets {
  const { first, last } = axis;
  const doublings = axis.cover(minute * MINUTE, minute * MINUTE);
  if (doublings > 0) buckets.fold(axis, first, last, doublings);
  const slot = axis.slotOf(axis.bucketOf(minute * MINUTE));
  (buckets.counts[slot] as number) += 1;
  (buckets.sums[slot] as number) += value;
  buckets.peaks[slot] = Math.max(buckets.peaks[slot] as number, value);
  return buckets;
}
