import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import { MillraceError } from "@millrace/core";
import type { Subscription } from "rxjs";
import { writeAtOnce } from "../http/write-at-once.ts";
import type { EncodedFrame } from "../hub/encoded-frame.ts";
import { createFramePace } from "../hub/frame-pace.ts";
import type { PictureSpec, Rendition } from "../hub/rendition.ts";
import type { Viewer, ViewerState } from "../viewers/viewer.ts";
import { createViewerMeter } from "../viewers/viewer-meter.ts";
import type { DataLog } from "./data-log.ts";
import type { FrameParts } from "./frame-parts.ts";
import { kernelQueues } from "./kernel-queues.ts";
import type { MjpegSettings, MjpegWishes } from "./mjpeg-options.ts";
import type { PictureShelf } from "./picture-shelf.ts";
import { createRenditionLadder, ladderOf } from "./rendition-ladder.ts";
import { createRoadMeter } from "./road-meter.ts";

/** What a viewer of pictures is made with. */
export interface MjpegViewerOptions {
  readonly response: ServerResponse;
  readonly shelf: PictureShelf;
  readonly wishes: MjpegWishes;
  readonly settings: MjpegSettings;
  readonly parts: FrameParts;
  readonly headers: Readonly<Record<string, string>>;
  readonly data: DataLog;
  /** Called when the pictures cannot begin, before anything was written. */
  readonly refuse: (error: unknown) => void;
}

/** How long a viewer waits for the first picture before it hears anything. */
const SILENCE_MS = 2_000;
/**
 * Times the time in which a frame must be taken: a viewer who gets few and small frames, being slow, may take nothing at
 * all long before they fill the buffers of the system. One who reads little by little seems to take nothing for a while,
 * too: over loopback a reader makes room by 64 KiB.
 */
const STUCK_SHARE = 2;
/** A viewer that was sent away may take so long to hear of it. */
const FAREWELL_MS = 1_000;
const JUDGE_MS = 1_000;

/**
 * Sends pictures to one viewer until its connection is closed or the stream ends: always the newest one, and one at a
 * time, so that no more than one waits in this process. To a slow viewer fewer are sent, then smaller ones.
 *
 * @throws MillraceError LIMIT_EXCEEDED, and what {@link FrameHub.pictures} throws
 */
export function mjpegViewer(options: MjpegViewerOptions): Viewer {
  const { response, shelf, wishes, settings, parts, headers, data, refuse } = options;
  const id = randomUUID();
  const sinceMs = Date.now();
  const meter = createViewerMeter();
  const road = createRoadMeter();
  const isWanted = createFramePace(wishes.framerate);
  let taken = shelf.take(wishes.pictures);
  let steps: readonly PictureSpec[] = [wishes.pictures];
  let ladder = createRenditionLadder(1);
  let step = 0;
  let state: ViewerState = "connecting";
  let position = data.begin();
  let waiting: EncodedFrame | undefined;
  let last: EncodedFrame | undefined;
  /** When what was written last began to be taken; undefined when it has been. */
  let busySinceMs: number | undefined;
  let lastSentMs = performance.now();
  let ending: "ended" | "failed" | undefined;
  let wake: NodeJS.Timeout | undefined;
  let farewell: NodeJS.Timeout | undefined;
  let subscription: Subscription | undefined;

  const open = (): void => {
    if (response.headersSent) return;
    response.writeHead(200, headers);
    response.socket?.setNoDelay(true);
    if (parts.opening.length === 0) response.flushHeaders();
    else response.write(parts.opening);
  };
  /** Writes pieces as one; `onTaken` is called when the system has all of them. */
  const write = (pieces: readonly Uint8Array[], onTaken: () => void): void => {
    busySinceMs = performance.now();
    lastSentMs = busySinceMs;
    const sizeBytes = writeAtOnce(response, pieces, (error) => {
      busySinceMs = undefined;
      road.taken();
      if (state === "closed" || error) return;
      onTaken();
      pump();
    });
    road.wrote(sizeBytes);
    // What the system has room for it takes at once, or nearly so where a connection is encrypted.
    if (response.socket?.writableLength === 0) return;
    setImmediate(() => {
      if (busySinceMs !== undefined) road.full();
    });
  };
  const send = (frame: EncodedFrame): void => {
    open();
    state = "live";
    last = frame;
    const head = data.head(frame, position);
    position = head.position;
    const sizeBytes = frame.data.length;
    write(parts.frame(frame, head.bytes), () => {
      meter.sent(sizeBytes);
      meter.aged(performance.timeOrigin + performance.now() - frame.capturedAtMs);
    });
    ladder.sent(sizeBytes);
  };
  const repeat = (frame: EncodedFrame): void => {
    // What went along with it the first time does not go along again.
    const { bytes } = data.head(frame, position);
    write(parts.frame(frame, bytes), () => meter.sentBytes(frame.data.length));
  };
  const pump = (): void => {
    if (state === "closed" || busySinceMs !== undefined) return;
    if (waiting) {
      const waitMs = ending ? 0 : road.waitMs();
      clearTimeout(wake);
      if (waitMs > 0) {
        wake = setTimeout(pump, waitMs);
        return;
      }
      const frame = waiting;
      waiting = undefined;
      send(frame);
      return;
    }
    if (ending) finish();
  };
  const finish = (): void => {
    const isWhole = ending === "ended";
    response.addTrailers({ "x-stream-end": isWhole ? "ended" : "failed" });
    if (isWhole && last && parts.last) {
      const { bytes } = data.head(last, position);
      write(parts.last(last, bytes), () => {});
    } else if (isWhole) {
      response.write(parts.closing);
    }
    // A stream that failed is not brought to the end that its form has: so programs can tell.
    state = "closed";
    response.end();
  };
  const end = (how: "ended" | "failed"): void => {
    if (ending || state === "closed") return;
    ending = how;
    stopPictures();
    open();
    farewell = setTimeout(() => response.destroy(), FAREWELL_MS);
    pump();
  };
  const fail = (error: unknown): void => {
    if (response.headersSent) {
      end("failed");
      return;
    }
    state = "closed";
    stopPictures();
    refuse(error);
  };

  const watch = (rendition: Rendition): Subscription =>
    rendition.frames$.subscribe({
      next(frame) {
        // Renditions are not made at one pace: the one that a viewer changes to may be behind.
        if (frame.sequence <= Math.max(last?.sequence ?? -1, waiting?.sequence ?? -1)) return;
        if (!isWanted(frame.timestamp)) return;
        if (!last && steps.length === 1) {
          steps = ladderOf(wishes.pictures, frame.width);
          ladder = createRenditionLadder(steps.length);
        }
        ladder.offered();
        if (waiting) meter.dropped();
        waiting = frame;
        pump();
      },
      error: fail,
      complete: () => (response.headersSent ? end("ended") : fail(over())),
    });
  const change = (to: number): void => {
    const spec = steps[to];
    if (to === step || !spec) return;
    try {
      const next = shelf.take(spec);
      const before = { subscription, taken };
      step = to;
      taken = next;
      // First the new one, so that the source is not left in between.
      subscription = watch(next.rendition);
      before.subscription?.unsubscribe();
      before.taken.giveBack();
    } catch {
      // No room for another rendition: the viewer stays with the one that it has.
    }
  };
  const tick = (): void => {
    const nowMs = performance.now();
    if (road.stuckMs > settings.stallMs * STUCK_SHARE) {
      response.destroy();
      return;
    }
    if (busySinceMs !== undefined) {
      const busyMs = nowMs - busySinceMs;
      if (busyMs > settings.stallMs) response.destroy();
      else if (busyMs > settings.stallMs / 2) state = "stale";
    } else if (last && !waiting && !ending && nowMs - lastSentMs >= settings.keepAliveMs) {
      repeat(last);
    }
    if (nowMs - sinceOpenMs >= SILENCE_MS) open();
    if (nowMs - judgedMs >= JUDGE_MS) {
      judgedMs = nowMs;
      if (!ending) change(ladder.judge(road.bytesPerSecond));
    }
  };
  const sinceOpenMs = performance.now();
  let judgedMs = sinceOpenMs;
  const ticks = setInterval(
    tick,
    Math.max(20, Math.min(250, settings.keepAliveMs / 4, settings.stallMs / 4)),
  );
  const unwatch = response.socket ? kernelQueues.watch(response.socket, road) : () => {};
  const stopPictures = (): void => {
    clearInterval(ticks);
    clearTimeout(wake);
    subscription?.unsubscribe();
    taken.giveBack();
  };
  response.once("close", () => {
    state = "closed";
    clearTimeout(farewell);
    unwatch();
    stopPictures();
    waiting = undefined;
    last = undefined;
  });
  subscription = watch(taken.rendition);

  return {
    id,
    transport: "mjpeg",
    sinceMs,
    stats: () => ({
      id,
      transport: "mjpeg",
      state,
      sinceMs,
      rendition: taken.rendition.label,
      ...meter.read(),
      isAgeAcknowledged: false,
      rttMs: null,
      lossRatio: null,
      targetBitrate: road.bytesPerSecond === undefined ? null : road.bytesPerSecond * 8,
    }),
    close: () => end("ended"),
  };
}

function over(): MillraceError {
  return new MillraceError("CLOSED", "This stream is over.");
}
