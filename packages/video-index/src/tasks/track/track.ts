import { type DetectOptions, detect } from "../detect/detect.ts";
import { drawTracks } from "../draw/draw-tracks.ts";
import type { InferenceTask } from "../inference-task.ts";
import { createTracker, type TrackerOptions } from "./tracker.ts";
import type { Tracks } from "./tracks.ts";

/** What {@link track} takes. */
export interface TrackOptions {
  /** How objects are found; `minScore` is the tracker's `lowScore` unless it is given. */
  readonly detect?: DetectOptions;
  readonly tracker?: TrackerOptions;
}

const LOW_SCORE = 0.1;

/**
 * Follows objects from frame to frame: {@link detect}, and a number for each object that stays its own.
 *
 * @example
 * ```ts no-run
 * import type { InferenceSession } from "@millrace/inference";
 * import type { FrameScaler } from "@millrace/media";
 * import type { Video } from "@millrace/video-index";
 * import { runTask, track } from "@millrace/video-index/tasks";
 *
 * declare const session: InferenceSession;
 * declare const scaler: FrameScaler;
 * declare const video: Video;
 *
 * const task = track({ detect: { classes: ["person"] }, tracker: { bufferSeconds: 2 } });
 * for await (const item of runTask(video, session, task, { scaler, batchSize: 8 })) {
 *   if (item.status === "ok") console.log(item.time, item.result.trackIds);
 * }
 * ```
 */
export function track(options: TrackOptions = {}): InferenceTask<Tracks> {
  const lowScore = options.tracker?.lowScore ?? LOW_SCORE;
  const detector = detect({ minScore: lowScore, ...options.detect });
  return {
    apiVersion: 1,
    name: "track",
    input: detector.input,
    batchable: true,
    stateful: true,
    open(session) {
      const detections = detector.open(session);
      const tracker = createTracker(options.tracker);
      return {
        feeds: detections.feeds,
        postprocess: (outputs, item, context) =>
          tracker.update(detections.postprocess(outputs, item, context), context.time, context),
        reset: tracker.reset,
      };
    },
    draw: drawTracks,
  };
}
