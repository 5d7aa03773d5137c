import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type InstanceMask, maskArea } from "./instance-mask.ts";
import { maskPolygons } from "./mask-polygons.ts";

function maskOf(rows: readonly string[]): InstanceMask {
  const data = Uint8Array.from(rows.join(""), (letter) => (letter === "#" ? 1 : 0));
  return { x: 3, y: 2, width: rows[0]?.length ?? 0, height: rows.length, data };
}

const FRAME = { width: 20, height: 10 };
const cornersOf = (mask: InstanceMask): number[][] =>
  maskPolygons(mask, FRAME.width, FRAME.height).map((polygon) =>
    Array.from(polygon, (value, i) => Math.round(value * (i % 2 ? FRAME.height : FRAME.width))),
  );

/** Clockwise is above 0, y going down. */
function area(corners: readonly number[]): number {
  let sum = 0;
  for (let at = 0; at < corners.length; at += 2) {
    const next = (at + 2) % corners.length;
    sum += (corners[at] as number) * (corners[next + 1] as number);
    sum -= (corners[next] as number) * (corners[at + 1] as number);
  }
  return sum / 2;
}

describe("maskPolygons", () => {
  it("follows the sides of pixels, with corners only where they turn, in parts of the frame", () => {
    expect(cornersOf(maskOf(["##.", "###"]))).toEqual([[3, 2, 5, 2, 5, 3, 6, 3, 6, 4, 3, 4]]);
    const [polygon] = maskPolygons(maskOf(["#"]), FRAME.width, FRAME.height);
    expect([...(polygon ?? [])]).toEqual([0.15, 0.2, 0.2, 0.2, 0.2, 0.3, 0.15, 0.3]);
  });

  it("gives holes the other direction, and pixels that meet at a corner polygons of their own", () => {
    const ring = cornersOf(maskOf(["###", "#.#", "###"]));
    expect(ring.map(area)).toEqual([9, -1]);
    expect(cornersOf(maskOf(["#.", ".#"])).map(area)).toEqual([1, 1]);
    expect(cornersOf(maskOf(["...", "..."]))).toEqual([]);
  });

  it("holds exactly the area of the mask, and exactly its pixels", () => {
    const masks = fc
      .record({ width: fc.integer({ min: 1, max: 8 }), height: fc.integer({ min: 1, max: 7 }) })
      .chain(({ width, height }) =>
        fc
          .array(fc.integer({ min: 0, max: 1 }), {
            minLength: width * height,
            maxLength: width * height,
          })
          .map(
            (bits): InstanceMask => ({ x: 3, y: 2, width, height, data: Uint8Array.from(bits) }),
          ),
      );
    fc.assert(
      fc.property(masks, (mask) => {
        const polygons = cornersOf(mask);
        expect(polygons.reduce((sum, corners) => sum + area(corners), 0)).toBe(maskArea(mask));
        for (let y = 0; y < mask.height; y++) {
          for (let x = 0; x < mask.width; x++) {
            const inside =
              polygons.filter((corners) => holds(corners, x + 3.5, y + 2.5)).length % 2;
            expect(inside).toBe(mask.data[y * mask.width + x]);
          }
        }
      }),
    );
  });
});

function holds(corners: readonly number[], x: number, y: number): boolean {
  let inside = false;
  for (let at = 0; at < corners.length; at += 2) {
    const next = (at + 2) % corners.length;
    const [y1, y2] = [corners[at + 1] as number, corners[next + 1] as number];
    // The sides are upright or level.
    if (y1 > y !== y2 > y && x < (corners[at] as number)) inside = !inside;
  }
  return inside;
}
