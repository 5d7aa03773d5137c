import { MillraceError } from "@millrace/core";
import type { FrameHub } from "../../hub/frame-hub.ts";

/** Whether a hub gives Opus. Sound that nothing encodes is not offered. */
export function canSound(hub: FrameHub): boolean {
  if (!hub.hasSound) return false;
  try {
    hub.sound("opus");
    return true;
  } catch (error) {
    const isLacking =
      MillraceError.is(error) && ["MISSING_DEPENDENCY", "UNSUPPORTED"].includes(error.code);
    if (isLacking) return false;
    throw error;
  }
}
