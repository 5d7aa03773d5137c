import { MillraceError } from "@millrace/core";
import type { EncodedImage } from "@millrace/media";
import {
  findFrame,
  type StillFrame,
  type StillRequest,
  type TimeRule,
} from "@millrace/video-index";
import type { FoundInFrame } from "./frame-detections.ts";
import type { AnswerTiming } from "./frame-headers.ts";
import type { KeptVideo } from "./kept-video.ts";
import type { VideoServices } from "./video-services.ts";
import type { OpenVideo } from "./video-shelf.ts";

/** Which frame, and how it should look. */
export interface FrameQuestion extends Omit<StillRequest, "signal"> {
  readonly at: FrameAt;
  /** Whether the model looks at it, too. */
  readonly inference: boolean;
}

/** A frame by number, or by time in seconds on the track's clock. */
export type FrameAt =
  | { readonly index: number }
  | { readonly seconds: number; readonly rule: TimeRule };

/** A picture of a frame. */
export interface FrameAnswer {
  readonly kept: KeptVideo;
  readonly still: StillFrame & { readonly image: EncodedImage };
  /** Undefined where nobody asked. */
  readonly found: FoundInFrame | undefined;
  readonly timing: AnswerTiming;
}

/** The number of the frame that is meant. @throws MillraceError NOT_FOUND when there is none */
export function frameNumber({ video }: OpenVideo, at: FrameAt): number {
  return "index" in at ? at.index : findFrame(video.index, at.seconds, at.rule);
}

/**
 * Makes the picture of a frame, and has the model look at it where that is asked for; both of the same frame.
 *
 * @throws MillraceError NOT_FOUND when there is no such frame, CORRUPT_INPUT when it cannot be decoded,
 *   MISSING_DEPENDENCY when inference is asked for and no model is set
 */
export async function answerFrame(
  services: VideoServices,
  open: OpenVideo,
  { at, inference, ...look }: FrameQuestion,
  signal: AbortSignal,
): Promise<FrameAnswer> {
  const { found, metrics } = services;
  const startedMs = performance.now();
  const index = frameNumber(open, at);
  // At the same time: the frame is decoded once for both.
  const [still, detected] = await together([
    open.video.frameAt(index, { ...look, signal }),
    inference ? found.find(open, index, { urgency: "interactive", signal }) : undefined,
  ]);
  if (still.image === undefined) {
    throw new MillraceError(
      "CORRUPT_INPUT",
      `Frame ${index} of ${open.kept.name} cannot be decoded; the file is damaged there.`,
      { details: { frame: index } },
    );
  }
  const { queueMs, decodeMs, encodeMs } = still.timing;
  const hit = still.source === "cache";
  metrics.frame({ hit, decodeMs, encodeMs });
  const timing = {
    hit,
    // What a frame cost that was decoded before is not what this answer cost.
    queueMs: hit ? 0 : queueMs,
    decodeMs: hit ? 0 : decodeMs,
    encodeMs,
    inferQueueMs: detected?.queueMs ?? 0,
    inferMs: detected?.computeMs ?? 0,
    totalMs: performance.now() - startedMs,
  };
  return { kept: open.kept, still, found: detected, timing };
}

/** As `Promise.all`, but nothing is under way any more when it rejects. */
async function together<A, B>([a, b]: readonly [Promise<A>, Promise<B> | undefined]): Promise<
  readonly [A, B | undefined]
> {
  const [first, second] = await Promise.allSettled([a, b]);
  if (first.status === "rejected") throw first.reason;
  if (second.status === "rejected") throw second.reason;
  return [first.value, second.value];
}
