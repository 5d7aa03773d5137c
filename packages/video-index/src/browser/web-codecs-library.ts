import { MillraceError } from "@millrace/core/web";

/** The page's `VideoFrame` as its own types have it, where they are loaded; else what is used of it. */
export type NativeVideoFrame = typeof globalThis extends { VideoFrame: { prototype: infer Native } }
  ? Native
  : WebVideoFrame;

/** The page's `ImageBitmap` as its own types have it, where they are loaded; else what is used of it. */
export type NativeImageBitmap = typeof globalThis extends {
  ImageBitmap: { prototype: infer Native };
}
  ? Native
  : WebImageBitmap;

/** What is used of WebCodecs' `VideoFrame`. */
export interface WebVideoFrame {
  /** Null where it lies in the memory of a graphics card. */
  readonly format: string | null;
  readonly timestamp: number;
  readonly visibleRect: WebRect | null;
  readonly displayWidth: number;
  readonly displayHeight: number;
  readonly colorSpace: Readonly<Record<string, unknown>> | object;
  /** Bytes that `copyTo` needs. */
  allocationSize(options?: object): number;
  /** Copies the pixels into memory. */
  copyTo(target: Uint8Array, options?: object): Promise<unknown>;
  /** Gives the picture up. */
  close(): void;
}

/** A part of a picture, in pixels. */
export interface WebRect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What is used of an `ImageBitmap`. */
export interface WebImageBitmap {
  readonly width: number;
  readonly height: number;
  /** Gives the picture up. */
  close(): void;
}

/** What WebCodecs wants to know of a stream: its own `VideoDecoderConfig`. */
export interface WebDecoderConfig {
  readonly codec: string;
  readonly description?: Uint8Array;
  readonly codedWidth?: number;
  readonly codedHeight?: number;
  readonly hardwareAcceleration?: HardwareAcceleration;
}

/** WebCodecs' word for where to decode. */
export type HardwareAcceleration = "no-preference" | "prefer-hardware" | "prefer-software";

/** What is used of WebCodecs' `VideoDecoder`. */
export interface WebVideoDecoder {
  readonly state: "unconfigured" | "configured" | "closed";
  /** Chunks that it has not begun with. */
  readonly decodeQueueSize: number;
  /** Called when it has begun with a chunk. */
  ondequeue: ((event: never) => unknown) | null;
  /** Says what stream comes. */
  configure(config: WebDecoderConfig): void;
  /** Takes the next chunk. */
  decode(chunk: never): void;
  /** Settles when everything has come out. */
  flush(): Promise<void>;
  /** Forgets what was fed. */
  reset(): void;
  /** Frees it. */
  close(): void;
}

/** The class of WebCodecs' `VideoDecoder`. */
export interface WebVideoDecoderClass {
  /** Makes a decoder that hands frames over as they come. */
  new (init: {
    output: (frame: never) => void;
    error: (error: DOMException) => void;
  }): WebVideoDecoder;
  /** Whether a stream can be decoded here. */
  isConfigSupported(config: never): Promise<{ readonly supported?: boolean }>;
}

/** The class of WebCodecs' `EncodedVideoChunk`. */
export interface WebChunkClass {
  /** Makes a chunk of a packet. */
  new (init: never): object;
}

/** The class of WebCodecs' `VideoFrame`. */
export interface WebVideoFrameClass {
  /** Makes a frame of pixels. */
  new (source: never, init: never): WebVideoFrame;
}

/** The part of WebCodecs that is used: classes of the page's global object. */
export interface WebCodecsLibrary {
  readonly VideoDecoder: WebVideoDecoderClass;
  readonly EncodedVideoChunk: WebChunkClass;
  readonly VideoFrame: WebVideoFrameClass;
}

/**
 * WebCodecs of this page.
 *
 * @throws MillraceError MISSING_DEPENDENCY when the browser has none, or hides it from pages that did not come over https
 */
export function webCodecsLibrary(): WebCodecsLibrary {
  const { VideoDecoder, EncodedVideoChunk, VideoFrame } =
    globalThis as unknown as Partial<WebCodecsLibrary>;
  if (VideoDecoder === undefined || EncodedVideoChunk === undefined || VideoFrame === undefined) {
    throw new MillraceError(
      "MISSING_DEPENDENCY",
      "There is no WebCodecs here. Browsers have it in pages that come over https or from localhost; in others, give stillUrl.",
    );
  }
  return { VideoDecoder, EncodedVideoChunk, VideoFrame };
}
