import type { Rational } from "../rational.ts";
import type { VideoDecoderConfig } from "./codec.ts";
import type { EncodedVideoChunk } from "./encoded-video-chunk.ts";
import type { VideoFrame } from "./video-frame.ts";

/** Codecs that are encoded to: what browsers take over WebRTC and in files. */
export type EncodedVideoFamily = "h264" | "vp8";

/** What a {@link VideoEncoder} is opened with. */
export interface VideoEncoderConfig {
  readonly family: EncodedVideoFamily;
  /** Even numbers; frames of another size are scaled to it. */
  readonly width: number;
  readonly height: number;
  /** Bits a second. */
  readonly bitrate: number;
  /** Frames a second, for the encoder's reckoning; the times of frames are their own. @defaultValue 30 */
  readonly framerate?: number;
  /** Frames from one key frame to the next at most. @defaultValue ten seconds' worth */
  readonly keyFrameInterval?: number;
  /**
   * `"realtime"` gives each frame out at once and never looks ahead; `"quality"` may hold frames back.
   *
   * @defaultValue `"realtime"`
   */
  readonly latencyMode?: "realtime" | "quality";
  /** What `pts` of frames and chunks count. @defaultValue microseconds */
  readonly timeBase?: Rational;
  /** @defaultValue 1 */
  readonly threads?: number;
}

/** What {@link VideoEncoder.encode} may be told. */
export interface EncodeVideoOptions {
  /** Makes it a key frame. @defaultValue as the encoder likes */
  readonly keyFrame?: boolean;
  readonly signal?: AbortSignal;
}

/** One stream being encoded. Calls are put in order; none of them blocks the event loop. */
export interface VideoEncoder extends AsyncDisposable {
  /**
   * Encodes a frame, which stays its owner's; gives what came out, in the order of decoding. Times must rise.
   *
   * @throws MillraceError INVALID_OPTION when its time is not above that of the frame before, CLOSED when the encoder
   *   is closed
   */
  encode(frame: VideoFrame, options?: EncodeVideoOptions): Promise<readonly EncodedVideoChunk[]>;
  /** Aims at another bitrate from the next frame on; an encoder that cannot, begins anew with a key frame. */
  setBitrate(bitrate: number): Promise<void>;
  /** Gives out what is held back; the next frame is a key frame. */
  flush(): Promise<readonly EncodedVideoChunk[]>;
  /**
   * What a decoder needs. H.264 chunks are Annex B with their parameter sets before every key frame, so that it has
   * no description.
   */
  readonly decoderConfig: VideoDecoderConfig;
  /** Gives up what is held back. */
  close(): Promise<void>;
}

/** A library that encodes video, as a plugin. */
export interface VideoEncoderBackend {
  /** Version of this contract. */
  readonly apiVersion: 1;
  readonly name: string;
  readonly families: readonly EncodedVideoFamily[];
  /**
   * Opens an encoder.
   *
   * @throws MillraceError UNSUPPORTED for another codec, INVALID_OPTION for a size or rate that it cannot have,
   *   MISSING_DEPENDENCY when the library is not installed
   */
  open(config: VideoEncoderConfig): Promise<VideoEncoder>;
}
