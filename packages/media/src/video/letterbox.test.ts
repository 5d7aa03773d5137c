import fc from "fast-check";
import { expect, test } from "vitest";
import { letterbox, placePicture } from "./letterbox.ts";

const sizes = fc.record({
  regionWidth: fc.integer({ min: 1, max: 5000 }),
  regionHeight: fc.integer({ min: 1, max: 5000 }),
  width: fc.integer({ min: 8, max: 700 }),
  height: fc.integer({ min: 8, max: 700 }),
});

test("a letterboxed picture lies inside, touches two sides, and is as far from one as from the other", () => {
  fc.assert(
    fc.property(sizes, ({ regionWidth, regionHeight, width, height }) => {
      const region = { x: 0, y: 0, width: regionWidth, height: regionHeight };
      const box = letterbox(region, { width, height });
      const right = width - box.left - box.pictureWidth;
      const below = height - box.top - box.pictureHeight;
      expect(Math.min(box.left, box.top, right, below)).toBeGreaterThanOrEqual(0);
      expect(box.pictureWidth === width || box.pictureHeight === height).toBe(true);
      expect(right - box.left).toBeOneOf([0, 1]);
      expect(below - box.top).toBeOneOf([0, 1]);
      // The way back leads to the other corner of the region.
      const corner = box.pictureWidth / box.scaleX;
      expect(Math.abs(corner - regionWidth)).toBeLessThan(1e-6);
    }),
  );
});

test("every number of the input is the picture's or padding", () => {
  fc.assert(
    fc.property(sizes, ({ regionWidth, regionHeight, width, height }) => {
      const options = { width: Math.min(width, 60), height: Math.min(height, 60), padding: 0.25 };
      const region = { x: 0, y: 0, width: regionWidth, height: regionHeight };
      const box = letterbox(region, options);
      const plane = new Float32Array(box.pictureWidth * box.pictureHeight).fill(1);
      const target = new Float32Array(3 * options.width * options.height).fill(Number.NaN);
      placePicture([plane, plane, plane], box, options, target);
      const ones = target.filter((value) => value === 1).length;
      expect(ones).toBe(3 * plane.length);
      expect(target.filter((value) => value === 0.25).length).toBe(target.length - ones);
    }),
  );
});
