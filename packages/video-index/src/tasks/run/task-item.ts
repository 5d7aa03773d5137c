import type { MillraceError } from "@millrace/core";
import type { VideoFrame } from "@millrace/media";

/** What a task said of one frame, or why it could not. */
export type TaskItem<Result> = {
  /** The frame's number. */
  readonly index: number;
  /** When it is shown, in ticks of the track. */
  readonly pts: number;
  /** When it is shown, in seconds on the track's clock. */
  readonly time: number;
  /** The frame itself, where `keepFrames` asked for it; the receiver's own, to be closed. */
  readonly frame?: VideoFrame;
} & (
  | { readonly status: "ok"; readonly result: Result }
  | { readonly status: "error"; readonly error: MillraceError }
);
