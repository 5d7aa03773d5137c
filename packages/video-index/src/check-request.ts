import { MillraceError } from "@millrace/core/web";
import type { FrameRange, FrameRequest, StillRequest } from "./video.ts";

/** More pixels across or down than any of the image encoders writes. */
const LARGEST_SIDE = 32_767;

/**
 * Looks at a request before anything is decoded for it. Whether a region lies inside of the picture is seen later.
 *
 * @throws MillraceError INVALID_OPTION when a member is none that it can be
 */
export function checkRequest(request: FrameRequest | StillRequest): void {
  if (!("as" in request)) return;
  const { as, quality, width, height, roi } = request;
  if (as !== "jpeg" && as !== "png") refuse("as", as, '"jpeg" or "png"');
  checkWhole("quality", quality, 1, 100);
  checkWhole("width", width, 1, LARGEST_SIDE);
  checkWhole("height", height, 1, LARGEST_SIDE);
  if (roi === undefined) return;
  for (const side of ["x", "y"] as const) checkWhole(`roi.${side}`, given(roi[side]), 0);
  for (const side of ["width", "height"] as const) checkWhole(`roi.${side}`, given(roi[side]), 1);
}

/** @throws MillraceError INVALID_OPTION when it is no whole number */
export function checkFrame(frame: number): void {
  if (!Number.isInteger(frame)) refuse("The number of a frame", frame, "a whole number from 0");
}

/** @throws MillraceError INVALID_OPTION when it is no time */
export function checkTime(seconds: number): void {
  if (!Number.isFinite(seconds)) refuse("The time of a frame", seconds, "a number of seconds");
}

/** @throws MillraceError INVALID_OPTION when the range does not begin and end at frames or does not move */
export function checkRange({ from, to, stride }: FrameRange): void {
  checkWhole("from", from, 0);
  checkWhole("to", to, 0);
  if (stride !== undefined && (!Number.isSafeInteger(stride) || stride === 0)) {
    refuse("stride", stride, "a whole number other than 0");
  }
}

/** @throws MillraceError INVALID_OPTION when it is no whole number of at least `least` */
export function checkWhole(
  name: string,
  value: number | undefined,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): void {
  if (value === undefined) return;
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  const upTo = most === Number.MAX_SAFE_INTEGER ? " or more" : ` to ${most}`;
  refuse(name, value, `a whole number, ${least}${upTo}`);
}

/** @throws MillraceError INVALID_OPTION when it is neither a path nor a source of bytes */
export function checkSource(source: unknown): void {
  if (typeof source === "string" && source !== "") return;
  if (typeof source === "object" && source !== null && "read" in source && "close" in source)
    return;
  refuse("The video", source, "a path, or bytes such as fileBytes, memoryBytes and httpBytes give");
}

/** Of a region no member may be missing. */
function given(value: number | undefined): number {
  return value ?? Number.NaN;
}

function refuse(name: string, value: unknown, wanted: string): never {
  const shown = typeof value === "string" ? JSON.stringify(value) : String(value);
  throw new MillraceError("INVALID_OPTION", `${name} is ${shown}; give ${wanted}.`);
}
