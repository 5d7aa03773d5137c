import { eachDetection } from "@millrace/video-index/tasks";
import type { FoundInFrame } from "../video/frame-detections.ts";

/** An object in a frame, as it goes along with a stream. */
export interface StreamObject {
  readonly label: string;
  readonly score: number;
  /** In pixels of the picture as it is shown, before it is scaled. */
  readonly box: {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  };
  /** The frame's number in its video. */
  readonly number: number;
}

/** What was found in a frame, in the words of streams. */
export function streamObjects({ index, detections }: FoundInFrame): readonly StreamObject[] {
  return [...eachDetection(detections)].map(({ className, score, box }) => {
    const [x1, y1, x2, y2] = box;
    return {
      label: className,
      score: Math.round(score * 1e4) / 1e4,
      box: { x: x1, y: y1, width: x2 - x1, height: y2 - y1 },
      number: index,
    };
  });
}
