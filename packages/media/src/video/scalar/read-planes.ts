import type { Region } from "../frame-scaler.ts";
import { chromaSubsampling, isRgb, type PlaneLayout, sampleBits } from "../pixel-format.ts";
import { settledColorSpace } from "../scaled-color-space.ts";
import type { VideoFrame } from "../video-frame.ts";
import type { Plane } from "./plane.ts";
import { quantization } from "./quantization.ts";

/** The planes of a region: Y, Pb, Pr in the sizes that they have, or R, G, B and, of formats with it, alpha. */
export function readPlanes(frame: VideoFrame, region: Region): Plane[] {
  const { format, layout } = frame;
  const [first, second = first, third = second] = layout;
  if (!first || !second || !third) return [];
  if (isRgb(format)) {
    const pixel = format === "RGB" ? 3 : 4;
    const channels = format === "BGRA" ? [2, 1, 0, 3] : [0, 1, 2, 3].slice(0, pixel);
    return channels.map((channel) => read(frame, first, region, pixel, channel, false));
  }
  const { across, down } = chromaSubsampling(format);
  const chroma = {
    x: region.x / across,
    y: region.y / down,
    width: Math.ceil(region.width / across),
    height: Math.ceil(region.height / down),
  };
  const luma = read(frame, first, region, 1, 0, false);
  if (format === "NV12") {
    return [luma, ...[0, 1].map((channel) => read(frame, second, chroma, 2, channel, true))];
  }
  return [luma, ...[second, third].map((plane) => read(frame, plane, chroma, 1, 0, true))];
}

/** One channel of a plane, `pixel` samples apart. */
function read(
  frame: VideoFrame,
  { offset, stride }: PlaneLayout,
  { x, y, width, height }: Region,
  pixel: number,
  channel: number,
  isChroma: boolean,
): Plane {
  const { data, format } = frame;
  const bits = sampleBits(format);
  const { zero, span } = quantization(bits, settledColorSpace(frame).fullRange, isChroma);
  const bytes = bits > 8 ? 2 : 1;
  const samples = new Float32Array(width * height);
  for (let row = 0, at = 0; row < height; row++) {
    let from = offset + (y + row) * stride + (x * pixel + channel) * bytes;
    for (let column = 0; column < width; column++, at++, from += pixel * bytes) {
      const low = data[from] ?? 0;
      const code = bytes === 2 ? low | ((data[from + 1] ?? 0) << 8) : low;
      samples[at] = (code - zero) / span;
    }
  }
  return { samples, width, height };
}
