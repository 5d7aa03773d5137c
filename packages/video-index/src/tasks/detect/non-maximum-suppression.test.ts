import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { boxOverlap } from "./box-overlap.ts";
import { type Candidates, nonMaximumSuppression } from "./non-maximum-suppression.ts";

const candidates = fc
  .array(
    fc.record({
      x: fc.integer({ min: 0, max: 60 }),
      y: fc.integer({ min: 0, max: 60 }),
      width: fc.integer({ min: 1, max: 40 }),
      height: fc.integer({ min: 1, max: 40 }),
      // Few scores, so that there are ties.
      score: fc.integer({ min: 1, max: 5 }),
      classId: fc.integer({ min: 0, max: 2 }),
    }),
    { maxLength: 40 },
  )
  .map(
    (list): Candidates => ({
      count: list.length,
      boxes: Float32Array.from(
        list.flatMap(({ x, y, width, height }) => [x, y, x + width, y + height]),
      ),
      scores: Float32Array.from(list, ({ score }) => score / 5),
      classIds: Int32Array.from(list, ({ classId }) => classId),
    }),
  );

describe("nonMaximumSuppression", () => {
  it("keeps what nothing better overlaps, and removes the rest", () => {
    fc.assert(
      fc.property(candidates, fc.boolean(), (given, classAgnostic) => {
        const maxOverlap = 0.4;
        const kept = [...nonMaximumSuppression(given, { maxOverlap, classAgnostic })];
        const before = (a: number, b: number): boolean =>
          (given.scores[a] as number) > (given.scores[b] as number) ||
          (given.scores[a] === given.scores[b] && a < b);
        const clash = (a: number, b: number): boolean =>
          (classAgnostic || given.classIds[a] === given.classIds[b]) &&
          boxOverlap(given.boxes, a, given.boxes, b) > maxOverlap;
        expect(kept).toEqual(kept.toSorted((a, b) => (before(a, b) ? -1 : 1)));
        for (let i = 0; i < given.count; i++) {
          const better = kept.filter((k) => k !== i && before(k, i) && clash(k, i));
          expect(kept.includes(i)).toBe(better.length === 0);
        }
      }),
    );
  });

  it("looks at the best candidates and keeps the best boxes only, up to the limits", () => {
    const given: Candidates = {
      count: 4,
      boxes: Float32Array.from([0, 20, 40, 60].flatMap((x) => [x, 0, x + 10, 10])),
      scores: Float32Array.of(0.3, 0.9, 0.5, 0.7),
      classIds: new Int32Array(4),
    };
    expect([...nonMaximumSuppression(given, { maxDetections: 2 })]).toEqual([1, 3]);
    expect([...nonMaximumSuppression(given, { maxCandidates: 3 })]).toEqual([1, 3, 2]);
  });

  it("takes boxes without an area for boxes that overlap nothing", () => {
    const point = Float32Array.of(5, 5, 5, 5);
    expect(boxOverlap(point, 0, point, 0)).toBe(0);
  });
});
