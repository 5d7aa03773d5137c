import sharp from "sharp";
import { afterAll, expect, test } from "vitest";
import { jpegTurbo } from "../jpeg-turbo/jpeg-turbo.ts";
import { nodeAv } from "../node-av/node-av.ts";
import { sharpImages } from "../sharp/sharp-images.ts";
import { type Color, solidFrame } from "../testing/solid-frame.ts";
import { scalarScaler } from "../video/scalar-scaler.ts";

const video = nodeAv({ workers: 1 });
afterAll(() => video.close());

const paths = [video.scaler, scalarScaler()].flatMap((scaler) =>
  [jpegTurbo({ scaler }), sharpImages({ scaler })].map((images) => ({
    name: `${images.name} over ${scaler.name}`,
    images,
  })),
);
const colors: readonly Color[] = [
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
  [16, 16, 16],
  [235, 235, 235],
];

test.each(paths)(
  "pure colours are within 3 levels in a JPEG by $name, as sharp reads it",
  async ({ images }) => {
    for (const color of colors) {
      for (const matrix of ["bt709", "smpte170m"] as const) {
        const colorSpace = { matrix, fullRange: false };
        using frame = solidFrame({ color, format: "I420", width: 64, height: 64, colorSpace });
        const { data } = await images.encode(frame, { quality: 95 });
        const pixels = await sharp(data).raw().toBuffer();
        const off = pixels
          .subarray(0, 3)
          .map((level, index) => Math.abs(level - (color[index] ?? 0)));
        expect(
          Math.max(...off),
          `${color} in ${matrix}: ${pixels.subarray(0, 3)}`,
        ).toBeLessThanOrEqual(3);
      }
    }
  },
);
