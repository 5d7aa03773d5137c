import { lumaWeights, type VideoColorSpace } from "./color-space.ts";
import { isRgb, type VideoPixelFormat } from "./pixel-format.ts";
import type { VideoFrame } from "./video-frame.ts";

/** What the numbers of a frame mean, with nothing left open. */
export interface SettledColorSpace extends VideoColorSpace {
  readonly matrix: NonNullable<VideoColorSpace["matrix"]>;
  readonly fullRange: boolean;
}

/** A frame's colour space; what it does not say is what players take it for. */
export function settledColorSpace(frame: VideoFrame): SettledColorSpace {
  return settle(frame.colorSpace, frame.format, frame.codedHeight);
}

/** The colour space of a frame made from another. */
export function scaledColorSpace(
  frame: VideoFrame,
  format: VideoPixelFormat,
  asked: Pick<VideoColorSpace, "matrix" | "fullRange"> | undefined,
): SettledColorSpace {
  const { matrix, fullRange, ...rest } = frame.colorSpace;
  // Between RGB and YUV neither carries over.
  const own = isRgb(frame.format) === isRgb(format);
  const kept = {
    ...(own && matrix && { matrix }),
    ...(own && fullRange !== undefined && { fullRange }),
  };
  return settle({ ...rest, ...kept, ...asked }, format, frame.codedHeight);
}

function settle(
  space: VideoColorSpace,
  format: VideoPixelFormat,
  height: number,
): SettledColorSpace {
  if (isRgb(format)) return { ...space, matrix: "rgb", fullRange: true };
  const { matrix } = space;
  const known = matrix && matrix !== "rgb" ? matrix : undefined;
  const guessed = lumaWeights({}, height).red === 0.299 ? "smpte170m" : "bt709";
  return { ...space, matrix: known ?? guessed, fullRange: space.fullRange ?? false };
}
