import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DayCover, type DayRange } from "./day-cover.ts";

const daysOf = (ranges: readonly DayRange[]): number[] =>
  ranges.flatMap(({ first, last }) =>
    Array.from({ length: last - first + 1 }, (_, i) => first + i),
  );

describe("DayCover", () => {
  it("is a set of days: it returns each day once, and keeps as few ranges as hold them", () => {
    const anyRange = fc
      .tuple(fc.nat({ max: 40 }), fc.nat({ max: 12 }))
      .map(([first, more]) => ({ first, last: first + more }));
    fc.assert(
      fc.property(fc.array(anyRange, { maxLength: 12 }), (ranges) => {
        const cover = new DayCover();
        const days = new Set<number>();
        for (const range of ranges) {
          const fresh = daysOf([range]).filter((day) => !days.has(day));
          expect(daysOf(cover.add(range))).toEqual(fresh);
          for (const day of fresh) days.add(day);
          expect(daysOf(cover.ranges)).toEqual([...days].sort((a, b) => a - b));
          const gaps = cover.ranges.slice(1).map(({ first }, i) => {
            return first - (cover.ranges[i] as DayRange).last;
          });
          expect(gaps.every((gap) => gap > 1)).toBe(true);
        }
      }),
    );
  });
});
