import { MillraceError } from "@millrace/core";
import { openFrameCount } from "../video/video-frame.ts";

/**
 * Checks that every frame of the process was closed; the leak detector of a test's end.
 *
 * @param count - how many may be open
 * @throws MillraceError INTERNAL, with the number, when more or fewer are
 */
export function expectNoOpenFrames(count: number = 0): void {
  const open = openFrameCount();
  if (open !== count) {
    throw new MillraceError(
      "INTERNAL",
      `${open} frames are open, not ${count}: close() each one that was received.`,
    );
  }
}
