import type { Counts } from "../count/counter.ts";
import { type Detections, eachDetection } from "../detect/detections.ts";
import type { TaskItem } from "../run/task-item.ts";
import type { Tracks } from "../track/tracks.ts";

/**
 * Results as NDJSON, one line a frame, made as they come:
 * `{"index":0,"pts":0,"time":0,"objects":[{"class":"person","classId":0,"score":0.9,"box":[10,20,30,60],"track":1}]}`.
 * Boxes are x1, y1, x2, y2 in coded pixels. Counts come with their tracks, and with what happened at lines and zones as
 * `events`. A frame that failed has `"error":{"code":…,"message":…}` in place of `objects`.
 *
 * @param items - of `detect`, `segment`, `track` or `count`
 * @example
 * ```ts no-run
 * import { createWriteStream } from "node:fs";
 * import { Readable } from "node:stream";
 * import { pipeline } from "node:stream/promises";
 * import { type Detections, detectionLines, type TaskItem } from "@millrace/video-index/tasks";
 *
 * declare const items: AsyncIterable<TaskItem<Detections>>;
 *
 * await pipeline(Readable.from(detectionLines(items)), createWriteStream("clip.ndjson"));
 * ```
 */
export async function* detectionLines(
  items: AsyncIterable<TaskItem<Detections | Counts>>,
): AsyncGenerator<string, void> {
  for await (const item of items) {
    item.frame?.close();
    const { index, pts, time } = item;
    const said =
      item.status === "ok"
        ? contentsOf(item.result)
        : { error: { code: item.error.code, message: item.error.message } };
    yield `${JSON.stringify({ index, pts, time, ...said })}\n`;
  }
}

function contentsOf(result: Detections | Counts): Readonly<Record<string, unknown>> {
  return "inFrame" in result
    ? { objects: objectsOf(result.tracks), events: result.events }
    : { objects: objectsOf(result) };
}

function objectsOf(detections: Detections): readonly unknown[] {
  const trackIds = "trackIds" in detections ? (detections as Tracks).trackIds : undefined;
  return [...eachDetection(detections)].map(({ box, score, classId, className }, i) => ({
    class: className,
    classId,
    score: rounded(score, 1e4),
    box: box.map((value) => rounded(value, 100)),
    ...(trackIds && { track: trackIds[i] }),
  }));
}

/** Floats of 32 bits have digits behind them that mean nothing. */
function rounded(value: number, parts: number): number {
  return Math.round(value * parts) / parts;
}
