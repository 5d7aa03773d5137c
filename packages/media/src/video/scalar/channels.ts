import type { Region } from "../frame-scaler.ts";
import {
  chromaSubsampling,
  isRgb,
  type PlaneLayout,
  regionLayouts,
  sampleBits,
} from "../pixel-format.ts";
import { settledColorSpace } from "../scaled-color-space.ts";
import type { VideoFrame } from "../video-frame.ts";
import { type Quantization, quantization } from "./quantization.ts";

/** Where the samples of one colour of a region lie in the memory of its frame, and what they mean. */
export interface Channel extends Quantization {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** Bytes before the first sample, from one to the next, and from one row to the next. */
  readonly start: number;
  readonly step: number;
  readonly stride: number;
  /** Bytes of a sample; two are little endian. */
  readonly bytes: 1 | 2;
}

/** Y, Pb, Pr in the sizes that they have, or R, G, B and, of formats with it, alpha. */
export function channelsOf(frame: VideoFrame, region: Region): Channel[] {
  const { format, layout } = frame;
  const { width, height } = region;
  const planes = regionLayouts(format, layout, region, width, height);
  const [first, second = first, third = second] = planes;
  if (!first || !second || !third) return [];
  if (isRgb(format)) {
    const pixel = format === "RGB" ? 3 : 4;
    const order = format === "BGRA" ? [2, 1, 0, 3] : [0, 1, 2, 3].slice(0, pixel);
    return order.map((index) => channelOf(frame, first, width, pixel, index, false));
  }
  const chroma = Math.ceil(width / chromaSubsampling(format).across);
  const luma = channelOf(frame, first, width, 1, 0, false);
  if (format === "NV12") {
    return [luma, ...[0, 1].map((index) => channelOf(frame, second, chroma, 2, index, true))];
  }
  return [luma, ...[second, third].map((plane) => channelOf(frame, plane, chroma, 1, 0, true))];
}

/** One channel of a plane, `pixel` samples apart. */
function channelOf(
  frame: VideoFrame,
  { offset, stride, rows }: PlaneLayout,
  width: number,
  pixel: number,
  index: number,
  isChroma: boolean,
): Channel {
  const { data, format } = frame;
  const bits = sampleBits(format);
  const bytes = bits > 8 ? 2 : 1;
  return {
    ...quantization(bits, settledColorSpace(frame).fullRange, isChroma),
    ...{ data, width, height: rows, stride, bytes },
    start: offset + index * bytes,
    step: pixel * bytes,
  };
}
