import type { VideoFrame } from "@millrace/media";

/** A frame of the source, numbered. Borrowed or owned as its `frame` is. */
export interface StampedFrame {
  readonly frame: VideoFrame;
  /** As {@link EncodedFrame.sequence}. */
  readonly sequence: number;
  /** As {@link EncodedFrame.capturedAtMs}. */
  readonly capturedAtMs: number;
}
