import type { VideoInfo } from "@millrace/video-index";
import { eachDetection } from "@millrace/video-index/tasks";
import type { FoundInFrame } from "./frame-detections.ts";
import type { KeptVideo } from "./kept-video.ts";

/** A video as it is told to callers. */
export function videoView(kept: KeptVideo, info: VideoInfo) {
  const { id, name, sizeBytes, createdMs, indexMs, sha256 } = kept;
  const { name: _, ...facts } = info;
  return {
    id,
    name,
    sizeBytes,
    createdMs,
    sha256,
    indexMs: Math.round(indexMs * 10) / 10,
    ...facts,
  };
}

/** What was found in a frame, as it is told to callers. */
export function foundView({ index, pts, time, detections, ...found }: FoundInFrame) {
  return {
    ...{ index, pts, time, count: detections.count },
    detections: [...eachDetection(detections)].map(({ box, score, classId, className }) => ({
      class: className,
      classId,
      score: rounded(score, 1e4),
      box: box.map((value) => rounded(value, 100)),
    })),
    source: found.source,
    batchSize: found.batchSize,
    queueMs: rounded(found.queueMs, 1000),
    inferenceMs: rounded(found.computeMs, 1000),
  };
}

/** Floats of 32 bits have digits behind them that mean nothing. */
function rounded(value: number, parts: number): number {
  return Math.round(value * parts) / parts;
}
