import type { Rational } from "../rational.ts";
import { type VideoFrame, videoFrame } from "../video/video-frame.ts";
import type { RawFrame } from "./raw-frames.ts";

/** A raw frame as one of ours, at a time of the caller's. */
export function rawVideoFrame(
  { record, format, fullRange, data }: RawFrame,
  pts: number,
  timeBase: Rational,
): VideoFrame {
  const { width, height, pixelAspect, colorSpace } = record;
  return videoFrame({
    format,
    codedWidth: width,
    codedHeight: height,
    displayWidth: Math.max(1, Math.round(width * pixelAspect)),
    colorSpace: fullRange ? { ...colorSpace, fullRange } : colorSpace,
    pts,
    timeBase,
    data,
  });
}
