import { MillraceError } from "@millrace/core/web";
import {
  countOpenFrame,
  planeLayouts,
  type Rational,
  ticksToMicroseconds,
  type VideoColorSpace,
  type VideoFrame,
  type VideoPixelFormat,
} from "@millrace/media";
import type {
  NativeImageBitmap,
  NativeVideoFrame,
  WebImageBitmap,
  WebVideoFrame,
} from "./web-codecs-library.ts";

/** A frame whose pixels the browser holds. */
export interface BrowserFrame extends VideoFrame {
  /**
   * The picture as the browser has it, for `drawImage`, WebGL and WebGPU. It belongs to the frame and goes with its
   * last owner: never close or transfer it, and `clone()` the frame to keep it.
   */
  readonly native: NativeVideoFrame | NativeImageBitmap;
  /**
   * Whether {@link BrowserFrame.native} is turned the right way up already, as pictures from a server are. Else it is
   * to be turned by `rotation`.
   */
  readonly upright: boolean;
  /**
   * Not to be had: a browser gives pixels only by a promise, which is `copyPixels`.
   *
   * @throws MillraceError UNSUPPORTED always
   */
  readonly data: Uint8Array;
  clone(): BrowserFrame;
}

/** When a frame is shown. */
interface FrameTime {
  readonly pts: number;
  readonly timeBase: Rational;
}

/** The pixel formats of browsers in our words; those with alpha without it, as far as pixels are counted. */
const FORMATS: Readonly<Record<string, VideoPixelFormat>> = {
  I420: "I420",
  I422: "I422",
  I444: "I444",
  I420P10: "I420P10",
  I422P10: "I422P10",
  I444P10: "I444P10",
  I420P12: "I420P12",
  I422P12: "I422P12",
  I444P12: "I444P12",
  I420A: "I420",
  I422A: "I422",
  I444A: "I444",
  NV12: "NV12",
  RGBA: "RGBA",
  RGBX: "RGBA",
  BGRA: "BGRA",
  BGRX: "BGRA",
};
/** What graphics cards decode into, where the browser does not say. */
const UNTOLD: VideoPixelFormat = "NV12";

/** A frame over one of WebCodecs', which it takes over. */
export function browserFrame(native: WebVideoFrame, time: FrameTime): BrowserFrame {
  const { visibleRect, displayWidth, displayHeight, colorSpace } = native;
  const format = FORMATS[native.format ?? ""] ?? UNTOLD;
  const codedWidth = visibleRect?.width ?? displayWidth;
  const codedHeight = visibleRect?.height ?? displayHeight;
  const shape = { format, codedWidth, codedHeight, displayWidth, displayHeight, upright: false };
  return frameOver(native, { ...shape, colorSpace: knownColors(colorSpace) }, time);
}

/** A frame over a picture from a server, upright, which it takes over. */
export function stillBrowserFrame(native: WebImageBitmap, time: FrameTime): BrowserFrame {
  const { width, height } = native;
  const size = {
    codedWidth: width,
    codedHeight: height,
    displayWidth: width,
    displayHeight: height,
  };
  const colorSpace: VideoColorSpace = { matrix: "rgb", fullRange: true };
  return frameOver(native, { ...size, format: "RGBA", upright: true, colorSpace }, time);
}

type FrameShape = Pick<
  BrowserFrame,
  | "format"
  | "codedWidth"
  | "codedHeight"
  | "displayWidth"
  | "displayHeight"
  | "upright"
  | "colorSpace"
>;

function frameOver(
  native: WebVideoFrame | WebImageBitmap,
  shape: FrameShape,
  { pts, timeBase }: FrameTime,
): BrowserFrame {
  let owners = 0;
  const labels = {
    ...shape,
    native: native as NativeVideoFrame | NativeImageBitmap,
    rotation: 0,
    timestamp: ticksToMicroseconds(pts, timeBase),
    duration: null,
    pts,
    timeBase,
    layout: planeLayouts(shape.format, shape.codedWidth, shape.codedHeight),
  } as const;
  const own = (): BrowserFrame => {
    let closed = false;
    owners += 1;
    const countClosed = countOpenFrame();
    const close = (): void => {
      if (closed) return;
      closed = true;
      countClosed();
      owners -= 1;
      if (owners === 0) native.close();
    };
    const clone = (): BrowserFrame => {
      if (closed) throw new MillraceError("CLOSED", "The frame is closed and cannot be cloned.");
      return own();
    };
    const frame = { ...labels, clone, close, [Symbol.dispose]: close };
    // Not enumerable, so that copying the frame's labels does not ask for its pixels.
    return Object.defineProperty(frame, "data", { get: refusePixels }) as unknown as BrowserFrame;
  };
  return own();
}

function refusePixels(): never {
  throw new MillraceError(
    "UNSUPPORTED",
    "A browser does not give the pixels of a frame at once: await copyPixels(frame), or draw the frame.",
  );
}

/** A colour space without what is null in it. */
function knownColors(colorSpace: object): VideoColorSpace {
  const names = ["primaries", "transfer", "matrix", "fullRange"];
  const known = names
    .map((name) => [name, Reflect.get(colorSpace, name) as unknown] as const)
    .filter(([, value]) => value != null);
  return Object.fromEntries(known);
}
