import { MillraceError } from "@millrace/core/web";
import { type Rational, ticksToMicroseconds } from "../rational.ts";
import type { VideoColorSpace } from "./color-space.ts";
import {
  frameBytes,
  type PlaneLayout,
  packPlanes,
  planeLayouts,
  type VideoPixelFormat,
} from "./pixel-format.ts";

/** Degrees clockwise by which a frame is turned before it is shown. */
export type Rotation = 0 | 90 | 180 | 270;

/**
 * A decoded picture: a declared subset of WebCodecs' `VideoFrame`, with the exact time beside the rounded one,
 * and its memory in the open.
 *
 * In a lossless flow a frame has one owner, who passes it on or closes it. On an Observable it is borrowed: valid
 * during the synchronous `next()`, `clone()` to keep. Pixels are never changed once a frame is made; draw on a copy.
 */
export interface VideoFrame extends Disposable {
  readonly format: VideoPixelFormat;
  /** Pixels in memory, before rotation. */
  readonly codedWidth: number;
  readonly codedHeight: number;
  /** Pixels as shown, where pixels are not square; before rotation. */
  readonly displayWidth: number;
  readonly displayHeight: number;
  readonly rotation: Rotation;
  readonly colorSpace: VideoColorSpace;
  /** Microseconds, rounded; {@link VideoFrame.pts} is exact. */
  readonly timestamp: number;
  /** Microseconds, rounded; null where nothing says. */
  readonly duration: number | null;
  /** When it is shown, in ticks of {@link VideoFrame.timeBase}. */
  readonly pts: number;
  readonly timeBase: Rational;
  /**
   * All planes in one piece, to be read only, and only until the frame is closed: its memory may be used for
   * another frame afterwards. May lie in shared memory.
   *
   * @throws MillraceError CLOSED when the frame is closed
   */
  readonly data: Uint8Array;
  /** Where each plane lies in {@link VideoFrame.data}. */
  readonly layout: readonly PlaneLayout[];
  /** Another owner of the same pixels, without a copy. Each is closed on its own. */
  clone(): VideoFrame;
  /** Gives the pixels up; the last owner's frees them. Closing twice does nothing. */
  close(): void;
}

/** What {@link videoFrame} takes. */
export interface VideoFrameInit {
  readonly format: VideoPixelFormat;
  readonly codedWidth: number;
  readonly codedHeight: number;
  /** @defaultValue the coded size */
  readonly displayWidth?: number;
  readonly displayHeight?: number;
  /** @defaultValue 0 */
  readonly rotation?: Rotation;
  /** @defaultValue `{}`, nothing known */
  readonly colorSpace?: VideoColorSpace;
  readonly pts: number;
  readonly timeBase: Rational;
  /** In ticks. @defaultValue null */
  readonly duration?: number | null;
  /** The planes; the frame takes them over. */
  readonly data: Uint8Array;
  /** @defaultValue planes without padding, one after another */
  readonly layout?: readonly PlaneLayout[];
  /** Called once, when the last owner has closed: gives the memory back to its pool. */
  readonly release?: () => void;
}

/** Frames that are open, for {@link openFrameCount}. */
let open = 0;

/** How many frames of this process are open, clones counted. The leak detector of tests, and a gauge. */
export function openFrameCount(): number {
  return open;
}

/**
 * Counts a frame whose pixels are not in our memory, such as a browser's, in {@link openFrameCount}.
 *
 * @returns what its `close` calls, once
 */
export function countOpenFrame(): () => void {
  open += 1;
  return () => {
    open -= 1;
  };
}

/**
 * Makes a frame over memory that the caller hands over.
 *
 * @example
 * ```ts
 * import { videoFrame } from "@millrace/media";
 *
 * using frame = videoFrame({
 *   format: "RGB",
 *   codedWidth: 2,
 *   codedHeight: 1,
 *   pts: 3003,
 *   timeBase: { num: 1, den: 90_000 },
 *   data: Uint8Array.of(255, 0, 0, 0, 0, 255),
 * });
 * console.log(frame.timestamp); // 33367
 * ```
 * @throws MillraceError INVALID_OPTION when the memory is shorter than the planes
 */
export function videoFrame(init: VideoFrameInit): VideoFrame {
  const { format, codedWidth, codedHeight, data } = init;
  const layout = init.layout ?? planeLayouts(format, codedWidth, codedHeight);
  const needed = Math.max(
    ...layout.map(({ offset, stride, rowBytes, rows }) => offset + stride * (rows - 1) + rowBytes),
  );
  if (data.length < needed) {
    throw new MillraceError(
      "INVALID_OPTION",
      `A ${format} frame of ${codedWidth} × ${codedHeight} needs ${needed} bytes; it was given ${data.length}.`,
    );
  }
  const { pts, timeBase } = init;
  const pixels = { owners: 0, release: init.release };
  const shape = {
    format,
    codedWidth,
    codedHeight,
    displayWidth: init.displayWidth ?? codedWidth,
    displayHeight: init.displayHeight ?? codedHeight,
    rotation: init.rotation ?? 0,
    colorSpace: init.colorSpace ?? {},
    timestamp: ticksToMicroseconds(pts, timeBase),
    duration: init.duration == null ? null : ticksToMicroseconds(init.duration, timeBase),
    pts,
    timeBase,
    layout,
  };
  return own(shape, data, pixels);
}

type FrameShape = Omit<VideoFrame, "data" | "clone" | "close" | typeof Symbol.dispose>;

/** The memory of a frame, counted. */
interface SharedPixels {
  owners: number;
  readonly release: (() => void) | undefined;
}

function own(shape: FrameShape, data: Uint8Array, pixels: SharedPixels): VideoFrame {
  let closed = false;
  pixels.owners += 1;
  const countClosed = countOpenFrame();
  const mine = (): Uint8Array => {
    if (closed) {
      throw new MillraceError(
        "CLOSED",
        "The frame is closed. On an Observable, clone() it during next() to keep it.",
      );
    }
    return data;
  };
  const close = (): void => {
    if (closed) return;
    closed = true;
    countClosed();
    pixels.owners -= 1;
    if (pixels.owners === 0) pixels.release?.();
  };
  return {
    ...shape,
    get data() {
      return mine();
    },
    clone: () => own(shape, mine(), pixels),
    close,
    [Symbol.dispose]: close,
  };
}

/** Copies a frame's planes into memory without padding, such as {@link frameBytes} measures. */
export function packFrame(frame: VideoFrame, target: Uint8Array): void {
  const { format, codedWidth, codedHeight, data } = frame;
  if (target.length < frameBytes(format, codedWidth, codedHeight)) {
    throw new MillraceError(
      "INVALID_OPTION",
      "The memory to copy a frame into is too small for it.",
    );
  }
  packPlanes(data, frame.layout, target);
}
