import type { VideoFrame } from "@millrace/media";
import { type Observable, Observable as Source, share, timer } from "rxjs";
import type { StampedFrame } from "./stamped-frame.ts";

/** Frames whose times are remembered: eight seconds' worth at 60 fps, longer than any frame is under way. */
const REMEMBERED = 512;

/** The frames of a source as all renditions see them. */
export interface StampedFrames {
  /** Subscribed to the source while anybody is, and a while longer. Frames are borrowed. */
  readonly frames$: Observable<StampedFrame>;
  /** When the frame of this time was given, in milliseconds of Unix time; undefined when that is too long ago. */
  capturedAtMs(timestamp: number): number | undefined;
  readonly framesIn: number;
  /** Frames that were not later than the one before, and are shown to nobody. */
  readonly framesOutOfOrder: number;
}

/**
 * Numbers the frames of a source and notes when they came.
 *
 * @param lingerMs - how long the source stays subscribed when nobody watches
 */
export function stampFrames(
  video$: Observable<VideoFrame>,
  lingerMs: number,
  nowMs: () => number,
): StampedFrames {
  const times = new Float64Array(REMEMBERED).fill(Number.NaN);
  const cameAtMs = new Float64Array(REMEMBERED);
  let sequence = 0;
  let framesOutOfOrder = 0;
  const frames$ = new Source<StampedFrame>((subscriber) => {
    let last = Number.NEGATIVE_INFINITY;
    return video$.subscribe({
      next(frame) {
        if (frame.timestamp <= last) {
          framesOutOfOrder++;
          return;
        }
        last = frame.timestamp;
        const capturedAtMs = nowMs();
        times[sequence % REMEMBERED] = last;
        cameAtMs[sequence % REMEMBERED] = capturedAtMs;
        subscriber.next({ frame, sequence: sequence++, capturedAtMs });
      },
      error: (error: unknown) => subscriber.error(error),
      complete: () => subscriber.complete(),
    });
  }).pipe(
    share({
      // What is over is over: who comes later is told so, and does not start a source anew.
      resetOnComplete: false,
      resetOnError: false,
      resetOnRefCountZero: () => timer(lingerMs),
    }),
  );
  return {
    frames$,
    capturedAtMs(timestamp) {
      for (let back = 1; back <= Math.min(sequence, REMEMBERED); back++) {
        const at = (sequence - back) % REMEMBERED;
        if (times[at] === timestamp) return cameAtMs[at];
      }
      return undefined;
    },
    get framesIn() {
      return sequence;
    },
    get framesOutOfOrder() {
      return framesOutOfOrder;
    },
  };
}
