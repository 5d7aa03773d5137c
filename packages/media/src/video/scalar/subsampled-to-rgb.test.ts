import fc from "fast-check";
import { expect, it } from "vitest";
import { lumaWeights } from "../color-space.ts";
import { frameBytes } from "../pixel-format.ts";
import { settledColorSpace } from "../scaled-color-space.ts";
import { videoFrame } from "../video-frame.ts";
import { toRgb } from "./change-matrix.ts";
import { readPlanes } from "./read-planes.ts";
import { resizePlane } from "./resize-plane.ts";
import { isSubsampled, subsampledToRgb } from "./subsampled-to-rgb.ts";
import { writePlanes } from "./write-planes.ts";

it("makes the picture that the planes make, within 1, of any region, size, range and matrix", () => {
  const places = fc.record({
    format: fc.constantFrom("I420" as const, "NV12" as const),
    width: fc.integer({ min: 1, max: 11 }).map((half) => 2 * half),
    height: fc.integer({ min: 1, max: 9 }).map((half) => 2 * half),
    left: fc.integer({ min: 0, max: 4 }),
    top: fc.integer({ min: 0, max: 4 }),
    fullRange: fc.boolean(),
    matrix: fc.constantFrom("bt709" as const, "smpte170m" as const, "bt2020-ncl" as const),
    seed: fc.integer(),
  });
  fc.assert(
    fc.property(places, ({ format, width, height, left, top, fullRange, matrix, seed }) => {
      const [codedWidth, codedHeight] = [width + 2 * left + 2, height + 2 * top + 3];
      const data = new Uint8Array(frameBytes(format, codedWidth, codedHeight));
      let state = seed;
      for (let at = 0; at < data.length; at++) {
        state = (Math.imul(state, 1_103_515_245) + 12_345) | 0;
        data[at] = state >>> 16;
      }
      using frame = videoFrame({
        ...{ format, codedWidth, codedHeight, data, pts: 0 },
        timeBase: { num: 1, den: 25 },
        colorSpace: { fullRange, matrix },
      });
      const region = { x: 2 * left, y: 2 * top, width, height };
      expect(isSubsampled(frame, region)).toBe(true);
      const fast = new Uint8Array(width * height * 3);
      subsampledToRgb(frame, region, fast);
      const samples = readPlanes(frame, region).map(
        (plane) => resizePlane(plane, width, height).samples,
      );
      const planes = toRgb(samples, lumaWeights(settledColorSpace(frame), 0));
      const slow = new Uint8Array(fast.length);
      writePlanes(
        slow,
        "RGB",
        planes.map((plane) => ({ samples: plane, width, height })),
        true,
      );
      const most = fast.reduce(
        (far, code, at) => Math.max(far, Math.abs(code - (slow[at] ?? 0))),
        0,
      );
      expect(most).toBeLessThanOrEqual(1);
    }),
  );
});
