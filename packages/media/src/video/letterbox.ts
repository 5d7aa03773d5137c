import { MillraceError } from "@millrace/core/web";
import type { ImageTensorOptions, Region } from "./frame-scaler.ts";
import { pictureSize } from "./take-region.ts";

/** Where a picture lies in a model's input. */
export interface Letterbox {
  /** Size of the picture in the input. */
  readonly pictureWidth: number;
  readonly pictureHeight: number;
  /** Model pixels left of and above the picture. */
  readonly left: number;
  readonly top: number;
  /** Model pixels a frame pixel. */
  readonly scaleX: number;
  readonly scaleY: number;
}

/**
 * Places a region in a model's input, with the rounding of Ultralytics' LetterBox: the size to the nearest, ties to
 * even, and the border left and above as `round(border / 2 - 0.1)`.
 *
 * @throws MillraceError INVALID_OPTION when a size is not a whole number, padding is not from 0 to 1, or `target`
 *   does not have `3 * height * width` numbers
 */
export function letterbox(region: Region, options: ImageTensorOptions): Letterbox {
  const { fit = "letterbox", padding = 0, target } = options;
  const width = pictureSize("width", options.width, 1);
  const height = pictureSize("height", options.height, 1);
  if (!(padding >= 0 && padding <= 1)) {
    throw new MillraceError("INVALID_OPTION", `padding is ${padding}; give a number from 0 to 1.`);
  }
  if (target && target.length !== 3 * width * height) {
    throw new MillraceError(
      "INVALID_OPTION",
      `target has ${target.length} numbers; a picture of ${width} × ${height} has ${3 * width * height}.`,
    );
  }
  const ratio = Math.min(width / region.width, height / region.height);
  const keepsShape = fit === "letterbox";
  const pictureWidth = keepsShape ? Math.max(1, roundHalfEven(region.width * ratio)) : width;
  const pictureHeight = keepsShape ? Math.max(1, roundHalfEven(region.height * ratio)) : height;
  return {
    pictureWidth,
    pictureHeight,
    left: Math.max(0, roundHalfEven((width - pictureWidth) / 2 - 0.1)),
    top: Math.max(0, roundHalfEven((height - pictureHeight) / 2 - 0.1)),
    scaleX: pictureWidth / region.width,
    scaleY: pictureHeight / region.height,
  };
}

/** Python's `round`. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Writes a model's input from the planes of its picture: R, G, B of 0..1, and padding beside it. */
export function placePicture(
  planes: readonly Float32Array[],
  box: Letterbox,
  options: ImageTensorOptions,
  target: Float32Array,
): void {
  const { width, height } = options;
  const { pictureWidth, pictureHeight, left, top } = box;
  padAround(box, options, target);
  planes.forEach((plane, index) => {
    const into = target.subarray(index * width * height, (index + 1) * width * height);
    for (let row = 0; row < pictureHeight; row++) {
      const pixels = plane.subarray(row * pictureWidth, (row + 1) * pictureWidth);
      into.set(pixels, (top + row) * width + left);
    }
  });
}

/** Writes what lies beside the picture in a model's input. */
export function padAround(
  { pictureWidth, pictureHeight, left, top }: Letterbox,
  { width, height, padding = 114 / 255 }: ImageTensorOptions,
  target: Float32Array,
): void {
  const fill = fillOf(target, padding);
  const pad = (from: number, to: number): void => {
    if (to > from) fill(from, to);
  };
  for (let plane = 0; plane < 3; plane++) {
    const start = plane * width * height;
    const below = top + pictureHeight;
    pad(start, start + top * width);
    pad(start + below * width, start + height * width);
    if (pictureWidth === width) continue;
    for (let row = start + top * width; row < start + below * width; row += width) {
      pad(row, row + left);
      pad(row + left + pictureWidth, row + width);
    }
  }
}

/** What fills a part of a model's input. */
function fillOf(target: Float32Array, value: number): (from: number, to: number) => void {
  const { Buffer } = globalThis as { readonly Buffer?: typeof globalThis.Buffer };
  if (Buffer === undefined) return (from, to) => target.fill(value, from, to);
  // In shared memory, several times as fast as the fill of a Float32Array.
  const pattern = Buffer.from(Float32Array.of(value).buffer);
  const bytes = Buffer.from(target.buffer, target.byteOffset, target.byteLength);
  return (from, to) => bytes.fill(pattern, from * 4, to * 4);
}
