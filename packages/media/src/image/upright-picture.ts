import type { FrameScaler } from "../video/frame-scaler.ts";
import { pictureSize, takeRegion } from "../video/take-region.ts";
import type { Rotation, VideoFrame } from "../video/video-frame.ts";
import type { EncodeImageOptions } from "./image-encoder.ts";

/** A picture as image libraries take it: sRGB, 8 bits, three bytes a pixel, without padding. */
export interface UprightPicture {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** Gives its memory back. */
  close(): void;
}

/**
 * The region of a frame as it is shown: in RGB, with square pixels, turned upright, in the size that is asked for.
 *
 * @throws MillraceError INVALID_OPTION when the region lies outside the frame or a size is not a whole number
 */
export async function uprightPicture(
  frame: VideoFrame,
  options: EncodeImageOptions,
  scaler: FrameScaler,
): Promise<UprightPicture> {
  const { signal } = options;
  const region = takeRegion(frame, options.roi);
  const isTurned = frame.rotation % 180 !== 0;
  const across = (region.width * frame.displayWidth) / frame.codedWidth;
  const down = (region.height * frame.displayHeight) / frame.codedHeight;
  const [shownWidth, shownHeight] = isTurned ? [down, across] : [across, down];
  const ratio =
    options.width !== undefined
      ? options.width / shownWidth
      : options.height !== undefined
        ? options.height / shownHeight
        : 1;
  const width = pictureSize("width", options.width, nearest(shownWidth * ratio));
  const height = pictureSize("height", options.height, nearest(shownHeight * ratio));
  const scaled = await scaler.scale(frame, {
    format: "RGB",
    roi: region,
    width: isTurned ? height : width,
    height: isTurned ? width : height,
    ...(signal && { signal }),
  });
  if (frame.rotation === 0) return { data: scaled.data, width, height, close: scaled.close };
  const data = turn(scaled, frame.rotation);
  scaled.close();
  return { data, width, height, close: () => {} };
}

function nearest(size: number): number {
  return Math.max(1, Math.round(size));
}

/** Turns a picture of three bytes a pixel clockwise. */
function turn({ data, codedWidth, codedHeight }: VideoFrame, rotation: Rotation): Uint8Array {
  const turned = new Uint8Array(codedWidth * codedHeight * 3);
  const last = turned.length - 3;
  // From one pixel of a row to the next, and from one row to the next, in the result.
  const step = { 0: 3, 90: codedHeight * 3, 180: -3, 270: -codedHeight * 3 }[rotation];
  const rowStep = { 0: codedWidth * 3, 90: -3, 180: -codedWidth * 3, 270: 3 }[rotation];
  const start = { 0: 0, 90: (codedHeight - 1) * 3, 180: last, 270: last - (codedHeight - 1) * 3 }[
    rotation
  ];
  for (let row = 0, from = 0; row < codedHeight; row++) {
    let to = start + row * rowStep;
    for (let column = 0; column < codedWidth; column++, from += 3, to += step) {
      turned[to] = data[from] ?? 0;
      turned[to + 1] = data[from + 1] ?? 0;
      turned[to + 2] = data[from + 2] ?? 0;
    }
  }
  return turned;
}
