import { type MillraceError, wrapError } from "@millrace/core";
import type { Detections, TaskItem } from "@millrace/video-index/tasks";
import { type FrameAt, frameNumber } from "./answer-frame.ts";
import type { FoundInFrame } from "./frame-detections.ts";
import type { VideoServices } from "./video-services.ts";
import type { OpenVideo } from "./video-shelf.ts";

/** What came of one of many frames: each has a result or a failure of its own. */
export type FoundOrError =
  | { readonly at: FrameAt; readonly found: FoundInFrame }
  | { readonly at: FrameAt; readonly error: MillraceError };

/** Frames that are decoded and looked at together; so many of them are in memory. */
const AT_ONCE = 16;

/**
 * Has the model look at many frames, and gives the results in their order. Requests for single frames go before them.
 *
 * @throws MillraceError MISSING_DEPENDENCY when no model is set, and the reason of the signal
 */
export async function* findMany(
  { found }: VideoServices,
  open: OpenVideo,
  wanted: Iterable<FrameAt>,
  signal: AbortSignal,
): AsyncGenerator<FoundOrError, void> {
  const one = async (at: FrameAt): Promise<FoundOrError> => {
    try {
      const index = frameNumber(open, at);
      return { at, found: await found.find(open, index, { urgency: "batch", signal }) };
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      const failure = wrapError(error, "the model");
      if (failure.code === "MISSING_DEPENDENCY") throw failure;
      return { at, error: failure };
    }
  };
  for (const group of groupsOf(wanted, AT_ONCE)) {
    signal.throwIfAborted();
    yield* await Promise.all(group.map(one));
  }
}

/** The same as items of a task, for what writes those. */
export async function* asItems(
  results: AsyncIterable<FoundOrError>,
): AsyncGenerator<TaskItem<Detections>, void> {
  for await (const result of results) {
    if ("found" in result) {
      const { index, pts, time, detections } = result.found;
      yield { index, pts, time, status: "ok", result: detections };
    } else {
      const index = "index" in result.at ? result.at.index : -1;
      const { error } = result;
      yield { index, pts: Number.NaN, time: Number.NaN, status: "error", error };
    }
  }
}

function* groupsOf<T>(items: Iterable<T>, size: number): Generator<T[]> {
  let group: T[] = [];
  for (const item of items) {
    if (group.push(item) < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}
