import type { RawFrame } from "@millrace/video-index";
import type { Detections } from "@millrace/video-index/tasks";
import type { DetectOptions, Detector } from "./detector.ts";
import { needModel } from "./need-model.ts";
import { sharedWork } from "./shared-work.ts";
import { shownBoxes } from "./shown-boxes.ts";
import type { OpenVideo } from "./video-shelf.ts";

/** What was found in one frame of a video. */
export interface FoundInFrame {
  readonly index: number;
  readonly pts: number;
  /** Seconds on the track's clock. */
  readonly time: number;
  /** Boxes in pixels of the picture as it is shown. */
  readonly detections: Detections;
  /** `cache`: it was known, and the model did nothing for it. */
  readonly source: "model" | "cache";
  /** Milliseconds of decoding, of waiting for a batch, and of the batch; from the cache, all are 0. */
  readonly decodeMs: number;
  readonly queueMs: number;
  readonly computeMs: number;
  readonly batchSize: number;
}

/** What is in the frames of videos, each looked at once. */
export interface FrameDetections {
  /** Undefined where no model is set. */
  readonly detector: Detector | undefined;
  /** Results that are remembered. */
  readonly rememberedCount: number;
  /**
   * What is in a frame. Several who ask for the same one at once get one answer.
   *
   * @throws MillraceError MISSING_DEPENDENCY when no model is set, NOT_FOUND when there is no such frame,
   *   CORRUPT_INPUT when it cannot be decoded, OVERFLOW or TIMEOUT when too much waits before it
   */
  find(open: OpenVideo, index: number, options: DetectOptions): Promise<FoundInFrame>;
}

const NOTHING_DONE = { decodeMs: 0, queueMs: 0, computeMs: 0, batchSize: 0 };
/** A result is some hundred bytes. */
const MOST_REMEMBERED = 10_000;

/** Remembers the results used last. */
export function frameDetections(detector: Detector | undefined): FrameDetections {
  const known = new Map<string, FoundInFrame>();
  const work = sharedWork<FoundInFrame>();
  const look = async (
    model: Detector,
    open: OpenVideo,
    index: number,
    options: DetectOptions,
  ): Promise<FoundInFrame> => {
    // Others may still wait when the one who began it has left.
    using _ = open.retain();
    const { video } = open;
    const [raw] = (await video.framesAt([index], { signal: options.signal })) as [RawFrame];
    using frame = raw;
    const { pts, time, timing } = frame;
    const { detections, ...rest } = await model.detect(frame, options);
    const shown = shownBoxes(detections, video.info);
    const decodeMs = frame.source === "cache" ? 0 : timing.queueMs + timing.decodeMs;
    return { index, pts, time, detections: shown, source: "model", decodeMs, ...rest };
  };
  return {
    detector,
    get rememberedCount() {
      return known.size;
    },
    async find(open, index, options) {
      const model = needModel({ detector });
      // Of the bytes: an id may get others.
      const key = `${open.kept.sha256}:${index}`;
      const before = known.get(key);
      if (before !== undefined) {
        known.delete(key);
        known.set(key, before);
        return { ...before, source: "cache", ...NOTHING_DONE };
      }
      const { signal } = options;
      const start = (shared: AbortSignal) =>
        look(model, open, index, { ...options, signal: shared });
      const found = await work.join(key, start, signal);
      known.set(key, found);
      if (known.size > MOST_REMEMBERED) known.delete(known.keys().next().value ?? "");
      return found;
    },
  };
}
