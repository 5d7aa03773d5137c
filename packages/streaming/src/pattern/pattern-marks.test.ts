import fc from "fast-check";
import { expect, test } from "vitest";
import { drawPatternMarks, readPatternMarks } from "./pattern-marks.ts";

const marks = fc.record({
  number: fc.integer({ min: 0, max: 2 ** 24 - 1 }),
  clockMs: fc.integer({ min: 0, max: 2 ** 24 - 1 }),
});
const size = fc.record({
  width: fc.integer({ min: 128, max: 1920 }),
  height: fc.integer({ min: 72, max: 400 }),
});

test("what is drawn is read, at any size", () => {
  fc.assert(
    fc.property(marks, size, (wanted, { width, height }) => {
      const luma = new Uint8Array(width * height).fill(128);
      drawPatternMarks(luma, width, height, wanted);
      expect(readPatternMarks(width, height, (x, y) => luma[y * width + x] ?? 0)).toEqual(wanted);
    }),
    { numRuns: 200 },
  );
});

test("one wrong bit is noticed, and a picture without bars is none", () => {
  fc.assert(
    fc.property(marks, fc.integer({ min: 0, max: 24 }), (wanted, cell) => {
      const [width, height] = [250, 100];
      const luma = new Uint8Array(width * height);
      drawPatternMarks(luma, width, height, wanted);
      for (let row = 0; row < 5; row++) {
        for (let x = cell * 10; x < cell * 10 + 10; x++) {
          luma[row * width + x] = 255 - (luma[row * width + x] ?? 0);
        }
      }
      expect(readPatternMarks(width, height, (x, y) => luma[y * width + x] ?? 0)).toBeNull();
    }),
  );
  expect(readPatternMarks(250, 100, () => 0)).toBeNull();
  expect(readPatternMarks(250, 100, () => 255)).toEqual({
    number: 2 ** 24 - 1,
    clockMs: 2 ** 24 - 1,
  });
});
