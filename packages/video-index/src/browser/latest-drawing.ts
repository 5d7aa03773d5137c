import { abortable, MillraceError } from "@millrace/core/web";
import type { FrameRequest } from "../video.ts";
import type { BrowserRawFrame, BrowserVideo, DrawnFrame } from "./browser-video.ts";
import { drawFrame } from "./draw-frame.ts";
import type { DrawingCanvas, DrawingContext } from "./drawing-surface.ts";

/** What {@link latestDrawing} needs of a video. */
interface DrawnVideo {
  readonly info: { readonly displayWidth: number; readonly displayHeight: number };
  frameAt(frame: number, request: FrameRequest): Promise<BrowserRawFrame>;
}

/** One canvas: what is being fetched for it, and the request that waits behind. */
interface Easel {
  busy: boolean;
  next: { readonly start: () => void; readonly giveWay: () => void } | undefined;
}

/**
 * Draws on canvases so that each shows what was asked for last: one frame is fetched at a time, and a request that
 * waits gives way to a newer one. What is being fetched is not given up for it, since a hand on a slider asks faster
 * than frames come, and would see none.
 */
export function latestDrawing(video: DrawnVideo): BrowserVideo["draw"] {
  const easels = new WeakMap<object, Easel>();

  const fetchAndDraw = async (
    frame: number,
    target: DrawingCanvas | DrawingContext,
    request: FrameRequest,
  ): Promise<DrawnFrame> => {
    using raw = await video.frameAt(frame, request);
    const { frame: picture, [Symbol.dispose]: _, ...info } = raw;
    if (picture !== undefined) drawFrame(picture, contextOf(target, video.info));
    return info;
  };

  return async (frame, target, request = {}) => {
    const { signal } = request;
    signal?.throwIfAborted();
    const canvas = "canvas" in target ? target.canvas : target;
    const easel = easels.get(canvas) ?? { busy: false, next: undefined };
    easels.set(canvas, easel);
    easel.next?.giveWay();
    easel.next = undefined;
    if (easel.busy) {
      const turn = new Promise<boolean>((resolve) => {
        easel.next = { start: () => resolve(true), giveWay: () => resolve(false) };
      });
      const mine = easel.next;
      try {
        if (!(await (signal ? abortable(turn, signal) : turn))) return undefined;
      } catch (error) {
        // Its turn may have come in the moment of the abort, and goes to the next.
        if (easel.next === mine) easel.next = undefined;
        else if (await turn) passOn(easel);
        throw error;
      }
    }
    easel.busy = true;
    try {
      return await fetchAndDraw(frame, target, request);
    } finally {
      passOn(easel);
    }
  };
}

/** Lets the request that waits go on; it stays busy from now on, so that none slips in between. */
function passOn(easel: Easel): void {
  const { next } = easel;
  easel.next = undefined;
  easel.busy = next !== undefined;
  next?.start();
}

function contextOf(
  target: DrawingCanvas | DrawingContext,
  { displayWidth, displayHeight }: DrawnVideo["info"],
): DrawingContext {
  if ("canvas" in target) return target;
  // Setting a size clears the canvas, also where it is the same.
  if (target.width !== displayWidth) target.width = displayWidth;
  if (target.height !== displayHeight) target.height = displayHeight;
  const context = target.getContext("2d");
  if (context !== null) return context;
  throw new MillraceError(
    "INVALID_OPTION",
    "The canvas has a context of another kind; give one that is drawn on in 2D only.",
  );
}
