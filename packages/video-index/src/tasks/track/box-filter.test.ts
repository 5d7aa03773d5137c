import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { boxFilter } from "./box-filter.ts";

const boxAt = (x: number, y = 50): Float32Array => Float32Array.of(x - 10, y - 20, x + 10, y + 20);
const centre = (box: Float64Array): number => ((box[0] as number) + (box[2] as number)) / 2;

describe("boxFilter", () => {
  it("learns the speed, whatever the distances between frames", () => {
    const gaps = fc.array(fc.constantFrom(0.01, 0.033, 0.04, 0.1, 0.25), {
      minLength: 25,
      maxLength: 40,
    });
    fc.assert(
      fc.property(gaps, fc.integer({ min: -200, max: 200 }), (distances, speed) => {
        const filter = boxFilter(boxAt(100), 0);
        let time = 0;
        for (const distance of distances) {
          time += distance;
          filter.predict(distance);
          filter.correct(boxAt(100 + speed * time), 0);
        }
        filter.predict(0.2);
        // Within a tenth of the box's height.
        expect(Math.abs(centre(filter.box) - (100 + speed * (time + 0.2)))).toBeLessThan(4);
      }),
    );
  });

  it("expects the same after one long gap as after many short ones", () => {
    const learnt = (): ReturnType<typeof boxFilter> => {
      const filter = boxFilter(boxAt(0), 0);
      for (let frame = 1; frame <= 10; frame++) {
        filter.predict(0.04);
        filter.correct(boxAt(4 * frame), 0);
      }
      return filter;
    };
    const [once, often] = [learnt(), learnt()];
    once.predict(0.4);
    for (let i = 0; i < 10; i++) often.predict(0.04);
    expect(centre(once.box)).toBeCloseTo(centre(often.box), 9);
    // The noise of the long one is that of the short ones, but for the growth within a gap.
    once.correct(boxAt(100), 0);
    often.correct(boxAt(100), 0);
    expect(Math.abs(centre(once.box) - centre(often.box))).toBeLessThan(2);
  });

  it("keeps a box a box when the object shrinks away", () => {
    const filter = boxFilter(boxAt(50), 0);
    for (let size = 20; size > 2; size -= 2) {
      filter.predict(0.04);
      filter.correct(Float32Array.of(50 - size, 50 - size, 50 + size, 50 + size), 0);
    }
    filter.predict(5);
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = filter.box;
    expect(x2).toBeGreaterThan(x1);
    expect(y2).toBeGreaterThan(y1);
  });

  it("keeps its shape when told to, and goes on moving", () => {
    const filter = boxFilter(boxAt(0), 0);
    for (let frame = 1; frame <= 10; frame++) {
      filter.predict(0.04);
      filter.correct(Float32Array.of(10 * frame, 0, 10 * frame + 20 + frame, 40 + 2 * frame), 0);
    }
    const height = (filter.box[3] as number) - (filter.box[1] as number);
    const before = centre(filter.box);
    filter.keepShape();
    filter.predict(0.2);
    expect((filter.box[3] as number) - (filter.box[1] as number)).toBeCloseTo(height, 9);
    expect(centre(filter.box)).toBeGreaterThan(before + 10);
  });
});
