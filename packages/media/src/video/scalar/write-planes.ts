import { isRgb, planeLayouts, sampleBits, type VideoPixelFormat } from "../pixel-format.ts";
import type { Plane } from "./plane.ts";
import { quantization } from "./quantization.ts";

/** Writes planes, each in its own size, as a frame without padding; alpha that is not there is 1. */
export function writePlanes(
  target: Uint8Array,
  format: VideoPixelFormat,
  planes: readonly Plane[],
  fullRange: boolean,
): void {
  const [first, second, third] = planes;
  if (!first || !second || !third) return;
  const bits = sampleBits(format);
  const write = (plane: Plane, offset: number, pixel: number, isChroma: boolean): void => {
    const { zero, span } = quantization(bits, fullRange, isChroma);
    const bytes = bits > 8 ? 2 : 1;
    const highest = 2 ** bits - 1;
    let at = offset;
    for (const sample of plane.samples) {
      const code = Math.min(highest, Math.max(0, Math.round(zero + sample * span)));
      target[at] = code;
      if (bytes === 2) target[at + 1] = code >> 8;
      at += pixel * bytes;
    }
  };
  const { width, height } = first;
  if (isRgb(format)) {
    const pixel = format === "RGB" ? 3 : 4;
    const [red, blue] = format === "BGRA" ? [2, 0] : [0, 2];
    if (pixel === 4) target.fill(255);
    write(first, red, pixel, false);
    write(second, 1, pixel, false);
    write(third, blue, pixel, false);
    const alpha = planes[3];
    if (pixel === 4 && alpha) write(alpha, 3, pixel, false);
    return;
  }
  const [luma, chroma, last] = planeLayouts(format, width, height);
  write(first, luma?.offset ?? 0, 1, false);
  const blueness = chroma?.offset ?? 0;
  if (format === "NV12") {
    write(second, blueness, 2, true);
    write(third, blueness + 1, 2, true);
  } else {
    write(second, blueness, 1, true);
    write(third, last?.offset ?? 0, 1, true);
  }
}
