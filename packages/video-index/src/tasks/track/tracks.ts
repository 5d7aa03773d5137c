import type { Detections } from "../detect/detections.ts";

/** The confirmed tracks in one frame, as columns, by rising track number. */
export interface Tracks extends Detections {
  /** From 1 on, in the order in which tracks were confirmed; a number is never given again. */
  readonly trackIds: Int32Array;
  /** Seconds since the object was seen; 0 where it is seen in this frame, else its box is where it is expected. */
  readonly unseenSeconds: Float32Array;
}
