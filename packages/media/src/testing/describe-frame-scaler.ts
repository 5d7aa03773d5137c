import { describe, expect, test } from "vitest";
import type { FrameScaler } from "../video/frame-scaler.ts";
import {
  chromaSubsampling,
  frameBytes,
  PIXEL_FORMATS,
  planeLayouts,
  sampleBits,
  type VideoPixelFormat,
} from "../video/pixel-format.ts";
import { openFrameCount, videoFrame } from "../video/video-frame.ts";
import { type Color, solidFrame } from "./solid-frame.ts";

const COLORS: readonly Color[] = [
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
  [255, 255, 255],
  [0, 0, 0],
  [64, 64, 64],
  [128, 128, 128],
  [200, 200, 200],
];

/** Levels of 255 by which a colour may be off: quantisation of 8 bit YUV alone takes two. */
const TOLERANCE = 3;

/**
 * What every {@link FrameScaler} must do, as tests of vitest.
 *
 * @param name - for the reports
 * @param scaler - called in each test
 */
export function describeFrameScaler(name: string, scaler: () => FrameScaler): void {
  describe(`FrameScaler: ${name}`, () => {
    const spaces = (["smpte170m", "bt709"] as const).flatMap((matrix) =>
      [false, true].flatMap((fullRange) =>
        (["I420", "I444P10", "NV12"] as const).map((format) => ({ format, matrix, fullRange })),
      ),
    );
    test.each(spaces)(
      "$format $matrix, full range $fullRange, becomes the colours that it means",
      async ({ format, matrix, fullRange }) => {
        for (const color of COLORS) {
          using frame = solidFrame({
            color,
            format,
            width: 64,
            height: 36,
            colorSpace: { matrix, fullRange },
          });
          for (const size of [{}, { width: 24, height: 20 }]) {
            using rgb = await scaler().scale(frame, { format: "RGB", ...size });
            near([...rgb.data.subarray(0, 3)], color);
            near([...rgb.data.subarray(-3)], color);
          }
          const { data } = await scaler().tensor(frame, { width: 32, height: 32, fit: "stretch" });
          near(
            [0, 1024, 2048].map((at) => (data[at + 500] ?? 0) * 255),
            color,
          );
          using yuv = await scaler().scale(frame, {
            colorSpace: { matrix: "bt709", fullRange: true },
          });
          expect(yuv.colorSpace).toMatchObject({ matrix: "bt709", fullRange: true });
          using back = await scaler().scale(yuv, { format: "RGB" });
          near([...back.data.subarray(0, 3)], color, TOLERANCE + 1);
        }
      },
    );

    test("a frame that stays as it is keeps its numbers, in every format", async () => {
      for (const format of [
        "I420",
        "I422P10",
        "I444",
        "NV12",
        "RGB",
        "BGRA",
      ] as VideoPixelFormat[]) {
        using frame = solidFrame({ color: [40, 90, 200], format, width: 31, height: 17 });
        using same = await scaler().scale(frame, {});
        expect([...same.data]).toEqual([...frame.data]);
        expect(same.layout).toEqual(planeLayouts(format, 31, 17));
      }
    });

    test("a region is what lies there", async () => {
      using frame = quarters();
      using corner = await scaler().scale(frame, { roi: { x: 32, y: 0, width: 32, height: 32 } });
      expect([corner.codedWidth, corner.codedHeight]).toEqual([32, 32]);
      near([...corner.data.subarray(0, 3)], [0, 255, 0]);
      const tensor = await scaler().tensor(frame, {
        width: 32,
        height: 32,
        roi: { x: 0, y: 32, width: 32, height: 32 },
      });
      expect(tensor).toMatchObject({ scaleX: 1, scaleY: 1, left: 0, top: 0, roi: { x: 0, y: 32 } });
      near(
        [0, 1, 2].map((plane) => (tensor.data[plane * 1024 + 5] ?? 0) * 255),
        [0, 0, 255],
      );
    });

    test("a region outside the frame is refused", async () => {
      using frame = quarters();
      const roi = { x: 33, y: 0, width: 32, height: 32 };
      await expect(scaler().scale(frame, { roi })).rejects.toMatchObject({
        code: "INVALID_OPTION",
      });
    });

    // What Ultralytics' LetterBox gives for these shapes.
    test.each([
      [1920, 1080, 640, 360, 0, 140],
      [810, 1080, 480, 640, 80, 0],
      [427, 640, 427, 640, 106, 0],
      [640, 427, 640, 427, 0, 106],
    ])(
      "%i × %i is letterboxed as its model was trained",
      async (width, height, pictureWidth, pictureHeight, left, top) => {
        using frame = solidFrame({ color: [255, 255, 255], format: "I420", width, height });
        const target = new Float32Array(new SharedArrayBuffer(3 * 640 * 640 * 4)).fill(7);
        const tensor = await scaler().tensor(frame, { width: 640, height: 640, target });
        expect(tensor.data).toBe(target);
        expect(tensor).toMatchObject({
          left,
          top,
          scaleX: pictureWidth / width,
          scaleY: pictureHeight / height,
        });
        const at = (x: number, y: number): number => Math.round((target[y * 640 + x] ?? -1) * 255);
        if (left > 0) expect([at(left - 1, 320), at(left + pictureWidth, 320)]).toEqual([114, 114]);
        if (top > 0) expect([at(320, top - 1), at(320, top + pictureHeight)]).toEqual([114, 114]);
        near([at(left, top)], [255]);
        near([at(left + pictureWidth - 1, top + pictureHeight - 1)], [255]);
        expect(target.every((value) => value >= 0 && value <= 1.01)).toBe(true);
      },
    );

    test("a region is what lies there, in every format", async () => {
      const [width, height] = [63, 35];
      const roi = { x: 4, y: 2, width: 31, height: 19 };
      for (const format of PIXEL_FORMATS) {
        const highest = 2 ** (sampleBits(format) - 8) - 1;
        const data = noise(frameBytes(format, width, height)).map((byte, at) =>
          highest > 0 && at % 2 === 1 ? byte & highest : byte,
        );
        using frame = videoFrame({
          ...TIMES,
          format,
          codedWidth: width,
          codedHeight: height,
          data,
        });
        using part = await scaler().scale(frame, { roi });
        const there = planeLayouts(format, width, height).flatMap(({ offset, stride }, plane) => {
          const { across, down } = plane === 0 ? { across: 1, down: 1 } : chromaSubsampling(format);
          const { rowBytes: sample = 0 } = planeLayouts(format, across, down)[plane] ?? {};
          return Array.from({ length: Math.ceil(roi.height / down) }, (_, row) => {
            const from = offset + (roi.y / down + row) * stride + (roi.x / across) * sample;
            return [...data.subarray(from, from + Math.ceil(roi.width / across) * sample)];
          }).flat();
        });
        expect([...part.data], format).toEqual(there);
      }
    });

    // OpenCV's INTER_LINEAR, through which detectors see their pictures in training.
    describe.each(["grey", "RGB"] as const)("a tensor of %s noise", (of) => {
      test.each([
        [96, 54, 32, 18],
        [80, 60, 32, 24],
        [61, 47, 40, 31],
        [20, 10, 50, 25],
        [40, 30, 4, 30],
        [5, 40, 30, 20],
      ])(
        "is between the nearest two pixels each way: %i × %i to %i × %i",
        async (codedWidth, codedHeight, width, height) => {
          const pixels = codedWidth * codedHeight;
          const isGrey = of === "grey";
          const data = isGrey ? new Uint8Array(pixels * 3).fill(128) : noise(pixels * 3);
          if (isGrey) data.set(noise(pixels));
          using frame = videoFrame({
            ...{ ...TIMES, codedWidth, codedHeight, data },
            ...(isGrey
              ? { format: "I444", colorSpace: { matrix: "bt709", fullRange: true } }
              : { format: "RGB" }),
          });
          const tensor = await scaler().tensor(frame, { width, height, fit: "stretch" });
          const expected = (plane: number, at: number): number => {
            const place = (index: number, from: number, to: number): number =>
              Math.min(from - 1, Math.max(0, ((index + 0.5) * from) / to - 0.5));
            const x = place(at % width, codedWidth, width);
            const y = place(Math.floor(at / width), codedHeight, height);
            const pixel = (column: number, row: number): number => {
              const index =
                Math.min(row, codedHeight - 1) * codedWidth + Math.min(column, codedWidth - 1);
              return (data[isGrey ? index : index * 3 + plane] ?? 0) / 255;
            };
            const across = (row: number): number =>
              pixel(Math.floor(x), row) * (1 - (x % 1)) + pixel(Math.floor(x) + 1, row) * (x % 1);
            return across(Math.floor(y)) * (1 - (y % 1)) + across(Math.floor(y) + 1) * (y % 1);
          };
          const far = Array.from(tensor.data, (value, index) =>
            Math.abs(
              value - expected(Math.floor(index / (width * height)), index % (width * height)),
            ),
          );
          expect(Math.max(...far)).toBeLessThan(0.01);
        },
      );
    });

    test("a signal that is aborted rejects with its reason", async () => {
      using frame = quarters();
      const reason = new Error("enough");
      const signal = AbortSignal.abort(reason);
      await expect(scaler().scale(frame, { signal })).rejects.toBe(reason);
      await expect(scaler().tensor(frame, { width: 8, height: 8, signal })).rejects.toBe(reason);
    });

    test("no frame stays open", async () => {
      const before = openFrameCount();
      using frame = quarters();
      (await scaler().scale(frame, { width: 9, height: 9 })).close();
      frame.close();
      expect(openFrameCount()).toBe(before);
    });
  });
}

const TIMES = { pts: 7, timeBase: { num: 1, den: 25 } };

/** Bytes of which none says anything about the next. */
function noise(length: number): Uint8Array {
  let state = 7;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) | 0;
    return state >>> 16;
  });
}

/** 64 × 64 in RGB: red, green, blue and white quarters. */
function quarters() {
  const data = new Uint8Array(64 * 64 * 3);
  for (let pixel = 0; pixel < 64 * 64; pixel++) {
    const right = pixel % 64 >= 32;
    const low = pixel >= 64 * 32;
    const color = low ? (right ? [255, 255, 255] : [0, 0, 255]) : right ? [0, 255, 0] : [255, 0, 0];
    data.set(color, pixel * 3);
  }
  return videoFrame({ format: "RGB", codedWidth: 64, codedHeight: 64, data, ...TIMES });
}

function near(
  seen: readonly number[],
  expected: readonly number[],
  tolerance: number = TOLERANCE,
): void {
  const off = seen.map((value, index) => Math.abs(value - (expected[index] ?? Number.NaN)));
  expect(Math.max(...off), `${seen.join()} for ${expected.join()}`).toBeLessThanOrEqual(tolerance);
}
