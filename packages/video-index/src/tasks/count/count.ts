import { drawCounts } from "../draw/draw-counts.ts";
import type { InferenceTask } from "../inference-task.ts";
import { type TrackOptions, track } from "../track/track.ts";
import { type CounterOptions, type Counts, createCounter } from "./counter.ts";

/** What {@link count} takes. */
export interface CountOptions extends TrackOptions, CounterOptions {}

/**
 * Counts objects: {@link track}, and what is in the frame, how many there were, who crossed a line and who is in a
 * zone.
 *
 * @throws MillraceError INVALID_OPTION when a line or a zone is none, or two have one name
 * @example
 * ```ts no-run
 * import type { InferenceSession } from "@millrace/inference";
 * import type { FrameScaler } from "@millrace/media";
 * import type { Video } from "@millrace/video-index";
 * import { count, runTask } from "@millrace/video-index/tasks";
 *
 * declare const session: InferenceSession;
 * declare const scaler: FrameScaler;
 * declare const video: Video;
 *
 * const task = count({ lines: [{ name: "door", from: { x: 320, y: 0 }, to: { x: 320, y: 480 } }] });
 * for await (const item of runTask(video, session, task, { scaler })) {
 *   if (item.status === "ok") console.log(item.result.inFrame.total, item.result.events);
 * }
 * ```
 */
export function count(options: CountOptions = {}): InferenceTask<Counts> {
  const tracking = track(options);
  // What is wrong with lines and zones is said now, and not when a video is opened.
  createCounter(options);
  return {
    apiVersion: 1,
    name: "count",
    input: tracking.input,
    batchable: true,
    stateful: true,
    open(session) {
      const tracks = tracking.open(session);
      const counter = createCounter(options);
      return {
        feeds: tracks.feeds,
        postprocess: (outputs, item, context) =>
          counter.update(tracks.postprocess(outputs, item, context), context.time),
        reset() {
          tracks.reset?.();
          counter.reset();
        },
      };
    },
    draw: drawCounts,
  };
}
