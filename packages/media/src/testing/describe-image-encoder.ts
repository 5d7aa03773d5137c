import { describe, expect, test } from "vitest";
import type { EncodedImage, ImageEncoder, ImageType } from "../image/image-encoder.ts";
import { type Rotation, type VideoFrame, videoFrame } from "../video/video-frame.ts";
import { expectNoOpenFrames } from "./expect-no-open-frames.ts";
import { missingProgram } from "./missing-program.ts";
import { runProgram } from "./run-program.ts";
import { type Color, solidFrame } from "./solid-frame.ts";

/** Levels of 255 by which a colour may be off. */
const TOLERANCE = 3;
const POOL_BYTES = 65_537;

/**
 * What every {@link ImageEncoder} must do, as tests of vitest; pictures are read back with the command `ffmpeg`.
 *
 * @param name - for the reports
 * @param encoder - called in each test
 */
export function describeImageEncoder(name: string, encoder: () => ImageEncoder): void {
  const missing = missingProgram("ffmpeg");
  describe.skipIf(missing !== "")(`ImageEncoder: ${name}${missing}`, () => {
    test.each(["smpte170m", "bt709"] as const)(
      "pure red in %s stays (255, 0, 0) in every type",
      async (matrix) => {
        for (const type of encoder().types) {
          for (const fullRange of [false, true]) {
            for (const format of ["I420", "I444P10"] as const) {
              const colorSpace = { matrix, fullRange };
              using frame = solidFrame({
                color: [255, 0, 0],
                format,
                width: 64,
                height: 48,
                colorSpace,
              });
              const image = await encoder().encode(frame, { type, quality: 95 });
              near(await pixel(image, 30, 20), [255, 0, 0]);
            }
          }
        }
      },
    );

    test.each([
      [0, [255, 0, 0], [0, 255, 0]],
      [90, [0, 0, 255], [255, 0, 0]],
      [180, [255, 255, 255], [0, 0, 255]],
      [270, [0, 255, 0], [255, 255, 255]],
    ] as const)("a frame turned by %i degrees is upright", async (rotation, topLeft, topRight) => {
      using frame = quarters(rotation);
      const image = await encoder().encode(frame, { quality: 100 });
      expect([image.width, image.height]).toEqual(rotation % 180 === 0 ? [96, 64] : [64, 96]);
      near(await pixel(image, 8, 8), topLeft, 8);
      near(await pixel(image, image.width - 8, 8), topRight, 8);
    });

    test("a picture keeps no memory alive but its own", async () => {
      using frame = solidFrame({
        color: [0, 128, 255],
        format: "I420",
        width: 640,
        height: 360,
        colorSpace: { matrix: "bt709", fullRange: false },
      });
      for (const type of encoder().types) {
        const { data } = await encoder().encode(frame, { type });
        // Node gives small pieces out of pools.
        expect(data.buffer.byteLength).toBeLessThan(data.length + POOL_BYTES);
      }
    });

    test("one size keeps the shape, two change it, a region is cut out", async () => {
      using frame = quarters(0);
      const sizes = async (options: object): Promise<number[]> => {
        const image = await encoder().encode(frame, options);
        return [image.width, image.height];
      };
      expect(await sizes({ width: 48 })).toEqual([48, 32]);
      expect(await sizes({ height: 32 })).toEqual([48, 32]);
      expect(await sizes({ width: 40, height: 40 })).toEqual([40, 40]);
      const corner = await encoder().encode(frame, { roi: { x: 48, y: 0, width: 48, height: 32 } });
      expect([corner.width, corner.height]).toEqual([48, 32]);
      near(await pixel(corner, 4, 4), [0, 255, 0], 8);
    });

    test("a lower quality takes less room", async () => {
      using frame = quarters(0);
      const [low, high] = await Promise.all(
        [20, 95].map((quality) => encoder().encode(frame, { quality })),
      );
      expect(low?.data.length).toBeLessThan(high?.data.length ?? 0);
    });

    test("what it cannot do is refused, and no frame stays open", async () => {
      using frame = quarters(0);
      await expect(encoder().encode(frame, { quality: 0 })).rejects.toMatchObject({
        code: "INVALID_OPTION",
      });
      await expect(
        encoder().encode(frame, { type: "image/gif" as ImageType }),
      ).rejects.toMatchObject({
        code: "UNSUPPORTED",
      });
      const reason = new Error("enough");
      await expect(encoder().encode(frame, { signal: AbortSignal.abort(reason) })).rejects.toBe(
        reason,
      );
      frame.close();
      expectNoOpenFrames();
    });
  });
}

/** 96 × 64: red, green, blue and white quarters. */
function quarters(rotation: Rotation): VideoFrame {
  const data = new Uint8Array(96 * 64 * 3);
  for (let at = 0; at < 96 * 64; at++) {
    const right = at % 96 >= 48;
    const low = at >= 96 * 32;
    data.set(
      low ? (right ? [255, 255, 255] : [0, 0, 255]) : right ? [0, 255, 0] : [255, 0, 0],
      at * 3,
    );
  }
  const times = { pts: 0, timeBase: { num: 1, den: 25 } };
  return videoFrame({ format: "RGB", codedWidth: 96, codedHeight: 64, rotation, data, ...times });
}

async function pixel({ data, width }: EncodedImage, x: number, y: number): Promise<number[]> {
  const raw = await runProgram(
    "ffmpeg",
    [
      "-v",
      "error",
      "-f",
      "image2pipe",
      "-i",
      "pipe:0",
      "-f",
      "rawvideo",
      "-pix_fmt",
      "rgb24",
      "pipe:1",
    ],
    data,
  );
  return [...raw.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)];
}

function near(seen: readonly number[], expected: Color, tolerance: number = TOLERANCE): void {
  const off = seen.map((value, index) => Math.abs(value - (expected[index] ?? Number.NaN)));
  expect(Math.max(...off), `${seen.join()} for ${expected.join()}`).toBeLessThanOrEqual(tolerance);
}
