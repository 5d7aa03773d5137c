import { setTimeout as sleep } from "node:timers/promises";
import { MillraceError } from "@millrace/core";
import { type LiveStream, relabelFrame, shareFrames, type VideoFrame } from "@millrace/media";
import { BehaviorSubject, Observable } from "rxjs";
import { createFramePace } from "../hub/frame-pace.ts";
import {
  type CameraDevice,
  type CameraSourceOptions,
  cameraTarget,
  type ReconnectOptions,
} from "./camera-options.ts";
import { createCameraTimes } from "./camera-times.ts";

/** How a camera is: nobody watches, it is being opened, gives frames, was lost and is tried again, or is over. */
export type CameraState =
  | { readonly kind: "idle" | "connecting" | "live" | "ended" }
  | {
      readonly kind: "waiting";
      /** Tries since the last frame, from 1. */
      readonly attempt: number;
      readonly retryInMs: number;
      /** Why it was lost, without secrets. */
      readonly message: string;
    }
  | { readonly kind: "failed"; readonly message: string };

/** A camera as a live stream. */
export interface CameraSource extends LiveStream {
  /**
   * Frames while somebody is subscribed, on one clock from 0 that only goes forward, also over losses of the camera.
   * Ends where a file does; fails when the camera is given up.
   */
  readonly video$: Observable<VideoFrame>;
  /** How the camera is; gives the present state at once. */
  readonly state$: Observable<CameraState>;
}

const STALL_MS = 10_000;

/**
 * A camera, a stream of another server or a file as a live stream: RTSP, HLS, MJPEG over HTTP, or a device of this
 * machine. It runs while somebody watches, and comes back by itself when it was lost.
 *
 * @example
 * ```ts
 * import { ffmpeg } from "@millrace/media/ffmpeg";
 * import { cameraSource } from "@millrace/streaming";
 *
 * const camera = cameraSource("rtsp://camera.example/stream", { capture: ffmpeg().capture });
 * camera.state$.subscribe(({ kind }) => console.log(kind)); // idle
 * ```
 * @throws MillraceError INVALID_OPTION for an address that is none or has a protocol that is not allowed, and for
 *   numbers that cannot be
 */
export function cameraSource(
  source: string | URL | CameraDevice,
  options: CameraSourceOptions,
): CameraSource {
  const { capture, framerate, stallMs = STALL_MS } = options;
  const target = cameraTarget(source, options);
  const backOff = options.reconnect === false ? undefined : checkBackOff(options.reconnect ?? {});
  if (!(stallMs > 0)) {
    throw invalid(`stallMs is ${stallMs}; give a number above 0`);
  }
  if (framerate !== undefined && !(framerate > 0 && framerate <= 240)) {
    throw invalid(`framerate is ${framerate}; give a number above 0, 240 at most`);
  }
  const state$ = new BehaviorSubject<CameraState>({ kind: "idle" });
  const times = createCameraTimes();
  /** One after the other: a device cannot be opened twice. */
  let before: Promise<unknown> = Promise.resolve();

  const video$ = new Observable<VideoFrame>((subscriber) => {
    const leaving = new AbortController();
    const isWanted = createFramePace(framerate);
    let attempt = 0;

    /** One connection, from its opening to its end. */
    const connect = async (): Promise<void> => {
      state$.next({ kind: "connecting" });
      const stalled = new AbortController();
      const why = new MillraceError(
        "TIMEOUT",
        `cameraSource: ${target.name} gave no frame for ${stallMs} ms.`,
        { retryable: true },
      );
      let watchdog = setTimeout(() => stalled.abort(why), stallMs);
      try {
        const signal = AbortSignal.any([leaving.signal, stalled.signal]);
        await using running = await capture.open({ ...target.open, signal });
        times.begin();
        for await (const frame of running.frames) {
          clearTimeout(watchdog);
          watchdog = setTimeout(() => stalled.abort(why), stallMs);
          attempt = 0;
          if (state$.value.kind !== "live") state$.next({ kind: "live" });
          const timestamp = times.place(frame.timestamp);
          if (leaving.signal.aborted || !isWanted(timestamp)) frame.close();
          else subscriber.next(placed(frame, timestamp));
        }
      } finally {
        clearTimeout(watchdog);
      }
    };
    const run = async (): Promise<void> => {
      for (;;) {
        let failure: unknown;
        try {
          await connect();
          if (target.ends) return;
          failure = new MillraceError(
            "REMOTE_FAILED",
            `cameraSource: ${target.name} has ended its stream.`,
            { retryable: true },
          );
        } catch (error) {
          failure = error;
        }
        leaving.signal.throwIfAborted();
        attempt++;
        const mayRetry = MillraceError.is(failure) && failure.retryable;
        if (!backOff || !mayRetry || attempt > backOff.attempts) throw failure;
        const retryInMs = waitOf(backOff, attempt);
        state$.next({ kind: "waiting", attempt, retryInMs, message: messageOf(failure) });
        await sleep(retryInMs, undefined, { signal: leaving.signal });
      }
    };
    before = before
      .then(() => {
        leaving.signal.throwIfAborted();
        return run();
      })
      .then(
        () => {
          state$.next({ kind: "ended" });
          subscriber.complete();
        },
        (error: unknown) => {
          if (leaving.signal.aborted) {
            state$.next({ kind: "idle" });
            return;
          }
          state$.next({ kind: "failed", message: messageOf(error) });
          subscriber.error(error);
        },
      );
    return () => leaving.abort();
  }).pipe(shareFrames());

  return { video$, clock: { now: times.now }, state$: state$.asObservable() };
}

function placed(frame: VideoFrame, timestamp: number): VideoFrame {
  return relabelFrame(frame, { timestamp, pts: timestamp, timeBase: { num: 1, den: 1_000_000 } });
}

function checkBackOff(options: ReconnectOptions): Required<ReconnectOptions> {
  const { firstMs = 500, mostMs = 30_000, attempts = Number.POSITIVE_INFINITY } = options;
  for (const [name, value] of Object.entries({ firstMs, mostMs, attempts })) {
    const most = name === "attempts" ? Number.POSITIVE_INFINITY : 2 ** 31 - 1;
    if (!(value >= 1 && value <= most)) {
      throw invalid(`reconnect.${name} is ${value}; give a number from 1 up`);
    }
  }
  return { firstMs, mostMs, attempts };
}

/** Doubles up to the longest; up to half of it is left out, so that many do not come back at once. */
function waitOf({ firstMs, mostMs }: Required<ReconnectOptions>, attempt: number): number {
  const wait = Math.min(mostMs, firstMs * 2 ** Math.min(30, attempt - 1));
  return Math.round(wait * (1 - Math.random() / 2));
}

function invalid(why: string): MillraceError {
  return new MillraceError("INVALID_OPTION", `cameraSource: ${why}.`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
