import type { FrameStatus, VideoFrame } from "@millrace/media";
import type { ByteCache, EntryPrice } from "./byte-cache.ts";

/**
 * How far a frame's number and time can be trusted: `verified` by its bitstream and by what the decoder gave out,
 * `indexed` by the container's tables, `estimated` where the container has no times and the order was worked out.
 */
export type Exactness = "verified" | "indexed" | "estimated";

/** Where the time of a request went, in milliseconds. */
export interface FrameTiming {
  /** Waiting for a decoder. */
  readonly queueMs: number;
  /** Reading and decoding until this frame was there. */
  readonly decodeMs: number;
}

/** A frame as the store has it. */
export interface StoredFrame {
  /** The receiver's own; undefined where the frame cannot be decoded. */
  readonly frame: VideoFrame | undefined;
  readonly status: FrameStatus | "missing";
  readonly exactness: Exactness;
  readonly source: "cache" | "decode";
  readonly timing: FrameTiming;
}

/** What one request may be told. */
export interface FetchOptions {
  readonly signal?: AbortSignal;
  /** Frames behind this one will be asked for next. */
  readonly goOn?: boolean;
  /** Frames to be put into the cache on the way, for nobody yet. */
  readonly ahead?: readonly number[];
}

/** The part of a cache that a store needs; other things may lie in it under other keys. */
export type FrameCache = Pick<ByteCache<CachedFrame>, "has" | "drop"> & {
  get(key: string): unknown;
  set(key: string, value: CachedFrame, price: EntryPrice): void;
};

/** What the cache holds of a frame. */
export interface CachedFrame {
  readonly frame: VideoFrame | undefined;
  readonly status: FrameStatus | "missing";
  readonly exactness: Exactness;
  /** Whether it was put there for nobody, and nobody has asked since. */
  ahead: boolean;
}
