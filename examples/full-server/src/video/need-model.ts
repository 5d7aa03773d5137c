import { MillraceError } from "@millrace/core";
import type { Detector } from "./detector.ts";

/**
 * The model, where there is one.
 *
 * @throws MillraceError MISSING_DEPENDENCY when none is set
 */
export function needModel({ detector }: { readonly detector: Detector | undefined }): Detector {
  if (detector !== undefined) return detector;
  throw new MillraceError(
    "MISSING_DEPENDENCY",
    "This server has no model: set videoModel (MILLRACE_VIDEO_MODEL) to the path of a YOLO model in ONNX format and start it again.",
  );
}
