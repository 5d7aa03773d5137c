import type { Rational } from "../rational.ts";
import type { VideoCodec, VideoDecoderConfig } from "./codec.ts";
import type { EncodedVideoChunk } from "./encoded-video-chunk.ts";
import type { VideoFrame } from "./video-frame.ts";

/** How much of a frame is what the encoder wrote. */
export type FrameStatus = "ok" | "concealed";

/** A frame as a decoder gave it. */
export interface DecodedFrame {
  /** The receiver's own; its `pts` is that of its chunk. */
  readonly frame: VideoFrame;
  /** `"concealed"` where the decoder filled in what it could not read, as far as it says. */
  readonly status: FrameStatus;
}

/** What one call of {@link VideoDecoder.decode} gave. */
export interface DecodeResult {
  /** The frames that were asked for, in presentation order. */
  readonly frames: readonly DecodedFrame[];
  /** The pts of every frame that the decoder gave out, also of those that were not asked for. */
  readonly decoded: readonly number[];
  /** The pts of those of {@link DecodeResult.decoded} that are `"concealed"`. */
  readonly concealed: readonly number[];
}

/** What {@link VideoDecoder.decode} may be told. */
export interface DecodeOptions {
  /**
   * The pts of the frames to hand over, rising; the others are decoded and dropped where they are, which saves
   * their copy. A frame that was asked for and comes out only during a later call is handed over by that one.
   *
   * @defaultValue all
   */
  readonly keep?: readonly number[];
  /** Gives out also what is held back for reordering; the next chunk must then be a key one. @defaultValue false */
  readonly end?: boolean;
  readonly signal?: AbortSignal;
}

/** One stream being decoded. Calls are put in order; none of them blocks the event loop. */
export interface VideoDecoder extends AsyncDisposable {
  /**
   * Decodes the next chunks, in the order of their dts. The first one, and the first one after
   * {@link VideoDecoder.reset} or `end`, should be a key chunk.
   *
   * Frames come when the decoder gives them out, so that those of the last chunks may come with the next call.
   * A chunk that cannot be decoded costs its own frame and not the call. The chunks' bytes must not change until
   * the promise settles. A call that is aborted leaves the decoder as `reset` does.
   *
   * @throws MillraceError CLOSED when the decoder is closed, INTERNAL when what it runs in has died: open another
   */
  decode(chunks: readonly EncodedVideoChunk[], options?: DecodeOptions): Promise<DecodeResult>;
  /** Forgets what was fed, to begin at another key chunk. */
  reset(): Promise<void>;
  /** Gives up what it holds; frames that it gave stay valid. */
  close(): Promise<void>;
}

/** What {@link VideoDecoderBackend.open} may be told. */
export interface OpenDecoderOptions {
  /** What the chunks' `pts` count, for the frames that come out. */
  readonly timeBase: Rational;
  /** Threads of the decoder itself. @defaultValue 1 */
  readonly threads?: number;
  readonly signal?: AbortSignal;
}

/** What a decoder can promise, as data. */
export interface DecoderCapabilities {
  /**
   * A call without `end` gives out all frames that its chunks allow, so that one who goes on feeding knows what is
   * still to come. Without it, frames come when they come, and only `end` makes sure of them.
   */
  readonly prompt: boolean;
  /**
   * Codecs that it enters only where nothing behind refers to anything before (IDR pictures of H.264), because it takes
   * no other picture for a key one.
   *
   * @defaultValue none: it enters at every key packet
   */
  readonly closedOnly?: readonly VideoCodec[];
}

/** A library that decodes video, as a plugin. */
export interface VideoDecoderBackend {
  /** Version of this contract. */
  readonly apiVersion: 1;
  /** Short noun for messages and reports. */
  readonly name: string;
  readonly capabilities: DecoderCapabilities;
  /**
   * Whether it can be used here.
   *
   * @throws MillraceError MISSING_DEPENDENCY, with the command that installs what is missing
   */
  check(): Promise<void>;
  /**
   * Opens a decoder.
   *
   * @throws MillraceError UNSUPPORTED when it has no decoder for the codec, MISSING_DEPENDENCY as `check`
   */
  open(config: VideoDecoderConfig, options: OpenDecoderOptions): Promise<VideoDecoder>;
}
