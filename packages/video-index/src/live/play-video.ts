import { MillraceError } from "@millrace/core";
import {
  type LiveData,
  type LiveStream,
  relabelFrame,
  shareFrames,
  type VideoFrame,
} from "@millrace/media";
import { Observable, Subject } from "rxjs";
import type { Video } from "../video.ts";
import { type FilmFrame, filmFrames } from "./film-frames.ts";
import { createPlayout, type WaitingFrame } from "./playout.ts";

/** A frame that {@link playVideo} has looked at. */
export interface PlayedFrame {
  /** Its number in the video. */
  readonly index: number;
  /** Seconds on the track's clock. */
  readonly time: number;
  /** Borrowed until the promise settles. */
  readonly frame: VideoFrame;
}

/** What {@link playVideo} may be told. */
export interface PlayVideoOptions {
  /** Frames a second at most; the film keeps its speed. @defaultValue every frame */
  readonly fps?: number;
  /** Whether it begins anew at its end. @defaultValue true */
  readonly loop?: boolean;
  /** Number of the frame with which the first pass begins; later ones begin with 0. @defaultValue 0 */
  readonly from?: number;
  /**
   * Looks at a frame. What it resolves to goes out on `data$` as the `value` of kind `"detections"`, with the
   * timestamp of the frame; undefined sends nothing. Frames that are looked at together are told in their order.
   */
  readonly detect?: (frame: PlayedFrame, signal: AbortSignal) => Promise<unknown>;
  /**
   * `"newest"`: pictures are never held up; the frame that was decoded last is looked at as soon as another one has
   * been. What is found in it goes out before it where there is time, else behind it.
   * `"every"`: a frame waits until it has been looked at, so that what was found goes out before it; where that takes
   * longer than a frame is shown, the film goes slower.
   *
   * @defaultValue "newest"
   */
  readonly inference?: "every" | "newest";
  /** Told of each frame that could not be looked at, which is shown all the same. @defaultValue the stream fails */
  readonly onError?: (error: unknown) => void;
  /** Ends the stream. */
  readonly signal?: AbortSignal;
}

/**
 * Plays a video as a live stream, in real time and as long as somebody is subscribed to its `video$`.
 *
 * Frames are decoded a few ahead of their time. One that is not ready in time is left out when the next one is, and
 * where all come too late the film goes slower; timestamps rise in any case, over passes, too. Whoever subscribes when
 * nobody else does begins at `from`.
 *
 * @param video - stays the caller's, and open while the stream is in use
 * @returns a stream whose frames are borrowed during `next()`
 * @example
 * ```ts
 * import { openVideo, playVideo } from "@millrace/video-index";
 * import { firstValueFrom, map, take, toArray } from "rxjs";
 *
 * await using video = await openVideo("clip.mp4");
 * const { video$ } = playVideo(video, { fps: 10 });
 * const widths = await firstValueFrom(
 *   video$.pipe(
 *     map(({ codedWidth }) => codedWidth),
 *     take(3),
 *     toArray(),
 *   ),
 * );
 * console.log(widths.length); // 3
 * ```
 * @throws MillraceError INVALID_OPTION for a rate or a first frame that cannot be
 */
export function playVideo(
  video: Pick<Video, "frames" | "info">,
  options: PlayVideoOptions = {},
): Required<Pick<LiveStream, "video$" | "data$" | "clock">> {
  const { fps, loop = true, from = 0, signal } = options;
  check(video, fps, from);
  const startedMs = performance.now();
  const nowUs = (): number => (performance.now() - startedMs) * 1_000;
  const data$ = new Subject<LiveData>();

  const video$ = new Observable<VideoFrame>((subscriber) => {
    const controller = new AbortController();
    const stop = signal ? AbortSignal.any([signal, controller.signal]) : controller.signal;
    const fail = (error: unknown): void => {
      controller.abort();
      if (signal?.aborted) subscriber.complete();
      else subscriber.error(error);
    };
    const look = watcher(options, stop, fail);
    const tell = (timestamp: number, value: unknown): void => {
      if (value !== undefined) data$.next({ kind: "detections", timestamp, value });
    };
    const isHeld = look !== undefined && options.inference === "every";
    const playout = createPlayout(nowUs, ({ found, frame }, timestamp) => {
      tell(timestamp, found);
      const microseconds = { num: 1, den: 1_000_000 };
      subscriber.next(relabelFrame(frame, { timestamp, pts: timestamp, timeBase: microseconds }));
    });
    const found = (waiting: WaitingFrame, value: unknown): void => {
      if (stop.aborted) return;
      if (waiting.shownUs === undefined) waiting.found = value;
      else tell(waiting.shownUs, value);
    };
    let newest: WaitingFrame | undefined;
    let isLooking = false;
    /** A frame waits for its time a while: if it is enough to look at it, what was found goes out in time. */
    const lookAtNewest = async (): Promise<void> => {
      while (look && !isLooking && newest && !newest.isGone) {
        const waiting = newest;
        newest = undefined;
        isLooking = true;
        found(waiting, await look(waiting));
        isLooking = false;
      }
    };

    const run = async (): Promise<void> => {
      for await (const film of filmFrames(video, { fps, loop, from, signal: stop })) {
        await playout.room();
        const waiting: WaitingFrame = { ...film, isReady: !isHeld };
        if (isHeld) {
          void look(waiting).then((value) => {
            found(waiting, value);
            waiting.isReady = true;
            playout.look();
          });
        } else {
          newest = waiting;
          void lookAtNewest();
        }
        playout.put(waiting);
        if (stop.aborted) return;
      }
      await playout.drained();
    };
    stop.addEventListener("abort", () => playout.clear(), { once: true });
    if (stop.aborted) playout.clear();
    run().then(() => subscriber.complete(), fail);
    return () => controller.abort();
  }).pipe(shareFrames());

  return { video$, data$: data$.asObservable(), clock: { now: nowUs } };
}

/** Looks at a copy of a frame, whatever becomes of the frame meanwhile. Does not reject. */
function watcher(
  { detect, onError }: PlayVideoOptions,
  signal: AbortSignal,
  fail: (error: unknown) => void,
): ((film: FilmFrame) => Promise<unknown>) | undefined {
  if (detect === undefined) return undefined;
  return async ({ index, time, frame }) => {
    using kept = frame.clone();
    try {
      return await detect({ index, time, frame: kept }, signal);
    } catch (error) {
      if (!signal.aborted) (onError ?? fail)(error);
      return undefined;
    }
  };
}

function check({ info }: Pick<Video, "info">, fps: number | undefined, from: number): void {
  if (fps !== undefined && !(fps > 0 && fps <= 240)) {
    throw new MillraceError(
      "INVALID_OPTION",
      `playVideo: fps is ${fps}; give a number above 0, 240 at most.`,
    );
  }
  if (!Number.isSafeInteger(from) || from < 0 || from >= info.frameCount) {
    throw new MillraceError(
      "INVALID_OPTION",
      `playVideo: from is ${from}; ${info.name} has ${info.frameCount} frames, counted from 0.`,
    );
  }
}
