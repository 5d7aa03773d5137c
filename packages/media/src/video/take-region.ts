import { MillraceError } from "@millrace/core/web";
import type { Region } from "./frame-scaler.ts";
import { chromaSubsampling } from "./pixel-format.ts";
import type { VideoFrame } from "./video-frame.ts";

/**
 * The part of a frame that is taken: all of it, or the region with its corner moved to a whole chroma pixel.
 *
 * @throws MillraceError INVALID_OPTION when it lies outside the frame or is not in whole pixels
 */
export function takeRegion(frame: VideoFrame, roi: Region | undefined): Region {
  const { codedWidth, codedHeight } = frame;
  if (!roi) return { x: 0, y: 0, width: codedWidth, height: codedHeight };
  const { across, down } = chromaSubsampling(frame.format);
  const whole = [roi.x, roi.y, roi.width, roi.height].every(Number.isSafeInteger);
  const inside = roi.x + roi.width <= codedWidth && roi.y + roi.height <= codedHeight;
  if (!whole || roi.x < 0 || roi.y < 0 || roi.width < 1 || roi.height < 1 || !inside) {
    throw new MillraceError(
      "INVALID_OPTION",
      `The roi ${roi.width} × ${roi.height} at ${roi.x},${roi.y} is not a region of whole pixels inside the frame ` +
        `of ${codedWidth} × ${codedHeight}.`,
    );
  }
  const x = roi.x - (roi.x % across);
  const y = roi.y - (roi.y % down);
  return { x, y, width: roi.width, height: roi.height };
}

/**
 * A size that a caller gave, or the one that stands in for it.
 *
 * @throws MillraceError INVALID_OPTION when it is not a whole number from 1 to 32767
 */
export function pictureSize(name: string, given: number | undefined, otherwise: number): number {
  const size = given ?? otherwise;
  if (!Number.isSafeInteger(size) || size < 1 || size > 32_767) {
    throw new MillraceError(
      "INVALID_OPTION",
      `${name} is ${size}; give a whole number from 1 to 32767.`,
    );
  }
  return size;
}
