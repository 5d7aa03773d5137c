import type { VideoColorSpace } from "../video/color-space.ts";
import {
  frameBytes,
  isRgb,
  planeLayouts,
  sampleBits,
  type VideoPixelFormat,
} from "../video/pixel-format.ts";
import { type VideoFrame, videoFrame } from "../video/video-frame.ts";

/** Red, green and blue from 0 to 255. */
export type Color = readonly [red: number, green: number, blue: number];

/** What {@link solidFrame} makes. */
export interface SolidFrameOptions {
  readonly color: Color;
  readonly format: VideoPixelFormat;
  readonly width: number;
  readonly height: number;
  /** @defaultValue BT.601, limited range */
  readonly colorSpace?: VideoColorSpace;
}

/** Luma weights, written out here a second time: what checks the conversions must not be made of them. */
const KR_KB: Readonly<Record<string, readonly [number, number]>> = {
  bt709: [0.2126, 0.0722],
  "bt2020-ncl": [0.2627, 0.0593],
};

/** A frame of one colour, by the formulas of ITU-R BT.601 and BT.709. */
export function solidFrame(options: SolidFrameOptions): VideoFrame {
  const { color, format, width, height } = options;
  const colorSpace = options.colorSpace ?? { matrix: "smpte170m", fullRange: false };
  const data = new Uint8Array(frameBytes(format, width, height));
  const [red, green, blue] = color;
  if (isRgb(format)) {
    const pixel = {
      RGB: [red, green, blue],
      RGBA: [red, green, blue, 255],
      BGRA: [blue, green, red, 255],
    };
    const bytes = pixel[format];
    data.forEach((_, at) => {
      data[at] = bytes[at % bytes.length] ?? 0;
    });
  } else {
    const codes = yuvCodes(color, colorSpace, sampleBits(format));
    const bytes = sampleBits(format) > 8 ? 2 : 1;
    planeLayouts(format, width, height).forEach(({ offset, rowBytes, rows }, plane) => {
      for (let at = 0; at < rowBytes * rows; at += bytes) {
        const code = codes[format === "NV12" && plane === 1 ? 1 + (at % 2) : plane] ?? 0;
        data[offset + at] = code;
        if (bytes === 2) data[offset + at + 1] = code >> 8;
      }
    });
  }
  const times = { pts: 0, timeBase: { num: 1, den: 25 } };
  return videoFrame({ format, codedWidth: width, codedHeight: height, colorSpace, data, ...times });
}

function yuvCodes(
  [r, g, b]: Color,
  { matrix, fullRange }: VideoColorSpace,
  bits: number,
): number[] {
  const [kr, kb] = KR_KB[matrix ?? ""] ?? [0.299, 0.114];
  const luma = (kr * r + (1 - kr - kb) * g + kb * b) / 255;
  const pb = (b / 255 - luma) / (2 * (1 - kb));
  const pr = (r / 255 - luma) / (2 * (1 - kr));
  const unit = 2 ** (bits - 8);
  const highest = 2 ** bits - 1;
  const chroma = (fullRange ? highest : 224 * unit) as number;
  const y = fullRange ? luma * highest : (16 + 219 * luma) * unit;
  return [y, 128 * unit + chroma * pb, 128 * unit + chroma * pr].map((code) =>
    Math.min(highest, Math.max(0, Math.round(code))),
  );
}
