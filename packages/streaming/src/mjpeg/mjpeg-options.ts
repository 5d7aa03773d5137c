import { MillraceError } from "@millrace/core";
import type { PictureSpec } from "../hub/rendition.ts";
import type { PublishOptions } from "../transport.ts";

/** What {@link mjpeg} may be told for one publication. */
export interface MjpegPublishOptions extends PublishOptions {
  /** What viewers get who do not ask for something else. */
  readonly pictures?: PictureSpec;
  /**
   * What stands between the pictures: thirty random characters, which no picture holds, or the word `frame`, which old
   * clients look for.
   *
   * @defaultValue `"random"`
   */
  readonly boundary?: "random" | "frame";
  /** A picture is sent again when none has come for so long: some browsers show one only when the next one comes. @defaultValue 1,000 */
  readonly keepAliveMs?: number;
  /** A viewer that takes nothing for so long is sent away. @defaultValue 10,000 */
  readonly stallMs?: number;
  /** How long a snapshot waits for its picture, and sound for its first sample. @defaultValue 5,000 */
  readonly snapshotMs?: number;
  /** Different pictures (sizes, qualities) that are made at once; who asks for one more is refused. @defaultValue 8 */
  readonly maxRenditions?: number;
}

/** The options with their defaults. */
export type MjpegSettings = Required<Omit<MjpegPublishOptions, keyof PublishOptions>>;

/** How the parts of the stream are told apart: as browsers like it best, or with lengths, for programs. */
export type MjpegFraming = "browser" | "length";

/** What one viewer asks for. */
export interface MjpegWishes {
  readonly pictures: PictureSpec;
  /** Frames a second at most. */
  readonly framerate: number | undefined;
  readonly framing: MjpegFraming;
}

/** Fills in the defaults. */
export function mjpegSettings(options: MjpegPublishOptions): MjpegSettings {
  const {
    pictures = {},
    boundary = "random",
    keepAliveMs = 1_000,
    stallMs = 10_000,
    snapshotMs = 5_000,
    maxRenditions = 8,
  } = options;
  for (const [name, value] of Object.entries({ keepAliveMs, stallMs, snapshotMs, maxRenditions })) {
    // Timers hold 31 bits.
    if (Number.isSafeInteger(value) && value > 0 && value < 2 ** 31) continue;
    throw invalid(`mjpeg: ${name} is ${value}; give a whole number above 0.`);
  }
  if (boundary !== "random" && boundary !== "frame") {
    throw invalid(`mjpeg: boundary is ${JSON.stringify(boundary)}; give "random" or "frame".`);
  }
  checkPictures("mjpeg: pictures", pictures);
  return {
    pictures,
    boundary,
    keepAliveMs,
    stallMs,
    snapshotMs,
    maxRenditions,
  };
}

/** Bounds of what may be asked for; sizes are those that a JPEG of a live picture sensibly has. */
const BOUNDS = {
  width: { least: 16, most: 3_840, isWhole: true },
  height: { least: 16, most: 2_160, isWhole: true },
  quality: { least: 1, most: 100, isWhole: true },
  framerate: { least: 0.1, most: 240, isWhole: false },
} as const;

function checkPictures(whose: string, pictures: PictureSpec): void {
  for (const [name, { least, most, isWhole }] of Object.entries(BOUNDS)) {
    const value = pictures[name as keyof typeof BOUNDS];
    if (value === undefined) continue;
    if (value >= least && value <= most && (!isWhole || Number.isInteger(value))) continue;
    throw invalid(
      `${whose}.${name} is ${value}; give a ${isWhole ? "whole " : ""}number from ${least} to ${most}.`,
    );
  }
}

/**
 * Reads what a viewer asks for: `fps`, `quality`, `width`, `height`, `framing`. Other fields are left alone.
 *
 * @throws MillraceError INVALID_OPTION, with the field and what it may be
 */
export function readWishes(query: URLSearchParams, pictures: PictureSpec): MjpegWishes {
  const framing = query.get("framing") ?? "browser";
  if (framing !== "browser" && framing !== "length") {
    throw invalid(
      `framing is ${JSON.stringify(framing.slice(0, 40))}; give "browser" or "length".`,
    );
  }
  const number = (field: string, name: keyof typeof BOUNDS): number | undefined => {
    const text = query.get(field);
    if (text === null) return undefined;
    const { least, most, isWhole } = BOUNDS[name];
    const value = /^\d{1,6}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most && (!isWhole || Number.isInteger(value))) return value;
    throw invalid(
      `${field} is ${JSON.stringify(text.slice(0, 40))}; give a ${isWhole ? "whole " : ""}number from ${least} to ${most}.`,
    );
  };
  const width = number("width", "width");
  const height = number("height", "height");
  const quality = number("quality", "quality");
  const { width: _, height: __, ...unsized } = pictures;
  return {
    pictures: {
      // One side that is asked for keeps the picture's shape, whatever the other one is by default.
      ...(width === undefined && height === undefined ? pictures : unsized),
      ...(width !== undefined && { width }),
      ...(height !== undefined && { height }),
      ...(quality !== undefined && { quality }),
    },
    framerate: number("fps", "framerate"),
    framing,
  };
}

function invalid(message: string): MillraceError {
  return new MillraceError("INVALID_OPTION", message);
}
