import type { ScaleOptions } from "./frame-scaler.ts";
import type { VideoPixelFormat } from "./pixel-format.ts";
import { type SettledColorSpace, scaledColorSpace } from "./scaled-color-space.ts";
import { pictureSize, takeRegion } from "./take-region.ts";
import { type VideoFrame, videoFrame } from "./video-frame.ts";

/** A scaling with nothing left open. */
export interface ScalePlan {
  readonly region: {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  };
  readonly format: VideoPixelFormat;
  readonly width: number;
  readonly height: number;
  readonly colorSpace: SettledColorSpace;
  /** Makes the frame over its pixels, with the times and the rotation of the first one. */
  frame(data: Uint8Array, release?: () => void): VideoFrame;
}

/**
 * Settles what a scaler is asked for. Where a size is given, pixels of the result are square; else their shape
 * carries over.
 *
 * @throws MillraceError INVALID_OPTION when the region lies outside the frame or a size is not a whole number
 */
export function planScale(frame: VideoFrame, options: ScaleOptions): ScalePlan {
  const { format = frame.format } = options;
  const region = takeRegion(frame, options.roi);
  const width = pictureSize("width", options.width, region.width);
  const height = pictureSize("height", options.height, region.height);
  const colorSpace = scaledColorSpace(frame, format, options.colorSpace);
  const isSized = options.width !== undefined || options.height !== undefined;
  const shown = (size: number, display: number, coded: number): number =>
    isSized ? size : Math.max(1, Math.round((size * display) / coded));
  const { pts, timeBase, rotation, duration } = frame;
  return {
    region,
    format,
    width,
    height,
    colorSpace,
    frame: (data, release) =>
      videoFrame({
        format,
        codedWidth: width,
        codedHeight: height,
        displayWidth: shown(width, frame.displayWidth, frame.codedWidth),
        displayHeight: shown(height, frame.displayHeight, frame.codedHeight),
        rotation,
        colorSpace,
        pts,
        timeBase,
        duration: duration === null ? null : (duration / 1e6) * (timeBase.den / timeBase.num),
        data,
        ...(release && { release }),
      }),
  };
}
