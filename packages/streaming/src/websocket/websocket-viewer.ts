import { randomUUID } from "node:crypto";
import { MillraceError } from "@millrace/core";
import type { Observable, Subscription } from "rxjs";
import type { EncodedFrame } from "../hub/encoded-frame.ts";
import type { FrameHub } from "../hub/frame-hub.ts";
import type { Rendition, VideoRendition } from "../hub/rendition.ts";
import {
  type HelloMessage,
  readViewerMessage,
  type SocketWishes,
  type VideoMessage,
} from "../messages/socket-messages.ts";
import type { Viewer, ViewerState } from "../viewers/viewer.ts";
import { createViewerMeter } from "../viewers/viewer-meter.ts";
import { createAckWindow } from "./ack-window.ts";
import { type ChosenRenditions, chooseRenditions, type SocketRung } from "./choose-renditions.ts";
import { frameBytes } from "./frame-bytes.ts";
import { type FrameFeed, startFrameFeed } from "./frame-feed.ts";
import { createMessageBudget } from "./message-budget.ts";
import { createOutbox } from "./outbox.ts";
import { startSoundFeed } from "./sound-feed.ts";
import type { WsSocket } from "./ws-library.ts";

/** What a viewer is served from. */
export interface WebsocketViewerOptions {
  readonly hub: FrameHub;
  readonly hello: HelloMessage;
  readonly ladder: readonly SocketRung[];
  /** Frames that may be under way. */
  readonly windows: { readonly pictures: number; readonly chunks: number };
  /** The stream's data as messages. */
  readonly data$: Observable<string>;
  /** How long a viewer may acknowledge nothing. */
  readonly stallMs: number;
  /** @throws MillraceError LIMIT_EXCEEDED when one more rendition would be too many */
  check(renditions: readonly Rendition[], viewer: WebsocketViewer): void;
}

/** A viewer that is looked after by its publication. */
export interface WebsocketViewer extends Viewer {
  /** The renditions that it may be given. */
  readonly rungs: readonly Rendition[];
  /** Asks whether it is there, and sends it away when it is not. To be called a few times a second. */
  tick(nowMs: number): void;
  /** Ends it because the server goes away: the viewer may come again, as the stream may go on. */
  leave(): void;
  /** Sends what it wants; what was sent before ends. */
  watch(wishes: SocketWishes): void;
}

/** Codes of RFC 6455, 7.4.1. */
const CloseCode = {
  normal: 1000,
  away: 1001,
  unsupported: 1003,
  policy: 1008,
  internal: 1011,
  later: 1013,
};
const PING_MS = 1_000;
/** Who says nothing of what it wants to see holds a seat for nothing. */
const CHOOSE_MS = 10_000;
/** An end in order may take so long; then it is cut off. */
const CLOSE_MS = 1_000;

/** Serves one connection. */
export function websocketViewer(
  socket: WsSocket,
  options: WebsocketViewerOptions,
): WebsocketViewer {
  const { hub, hello, windows, stallMs } = options;
  const meter = createViewerMeter();
  const window = createAckWindow(windows.pictures);
  const outbox = createOutbox();
  const mayCome = createMessageBudget();
  const startedMs = performance.now();
  let state: ViewerState = "connecting";
  let feed: FrameFeed | undefined;
  let sound: Subscription | undefined;
  let rungs: readonly Rendition[] = [];
  let said = "";
  let isAgeAcknowledged = false;
  let pingedMs = Number.NEGATIVE_INFINITY;
  let isPingAnswered = true;
  let heardMs = startedMs;
  let rttMs: number | null = null;
  let bareRttMs = Number.POSITIVE_INFINITY;
  let size = "";

  const isFree = (): boolean => socket.readyState === 1 && socket.bufferedAmount === 0;
  const send = (message: string | Uint8Array): void => {
    meter.sentBytes(message.length);
    socket.send(message, sent);
  };
  /** Data and sound take turns with frames, so that neither holds up the other for long. */
  const sent = (error?: Error): void => {
    if (error || state === "closed" || !isFree()) return;
    for (const message of outbox.take()) send(message);
    feed?.sender.poll();
  };
  const post = (message: string | Uint8Array): void => {
    if (isFree() && outbox.isEmpty) send(message);
    else outbox.put(message);
  };
  const transmit = (frame: EncodedFrame, rendition: Rendition, isStill: boolean): void => {
    state = "live";
    size = `${frame.width}×${frame.height}`;
    window.sent({ ...frame, sentMs: performance.now() });
    const message = frameBytes(frame, isStill ? "picture" : "chunk");
    if (!isStill && frame.isKey) sayVideo(frame, rendition as VideoRendition);
    meter.sent(message.length);
    socket.send(message, sent);
  };
  const sayVideo = (frame: EncodedFrame, { decoderConfig, label }: VideoRendition): void => {
    if (!decoderConfig) return;
    const { codec, description } = decoderConfig;
    const message: VideoMessage = {
      type: "video",
      codec,
      width: frame.width,
      height: frame.height,
      rendition: label,
      ...(description && { description: Buffer.from(description).toString("base64") }),
    };
    const text = JSON.stringify(message);
    if (text === said) return;
    said = text;
    send(text);
  };
  const close = (reason = "sent away", code = CloseCode.normal): void => {
    if (state === "closed") return;
    state = "closed";
    feed?.stop();
    sound?.unsubscribe();
    data.unsubscribe();
    socket.close(code, reason.slice(0, 120));
    const timer = setTimeout(() => socket.terminate(), CLOSE_MS);
    timer.unref();
    socket.on("close", () => clearTimeout(timer));
  };
  const fail = (error: unknown): void => {
    const isOurs = MillraceError.is(error);
    close(isOurs ? `${error.code}: ${error.message}` : "the stream failed", CloseCode.internal);
  };
  const acknowledge = (sequence: number, agoMs: number | undefined): void => {
    const frame = window.acknowledge(sequence);
    if (frame === "never-sent") {
      close(`frame ${sequence} was never sent`, CloseCode.policy);
      return;
    }
    if (frame !== "known") {
      heardMs = performance.now();
      if (state === "stale") state = "live";
      if (agoMs !== undefined) {
        isAgeAcknowledged = true;
        // The message itself was under way for half of the time there and back.
        const shownMs = performance.timeOrigin + heardMs - agoMs - (rttMs ?? 0) / 2;
        meter.aged(Math.max(0, shownMs - frame.capturedAtMs));
      }
    }
    if (isFree()) feed?.sender.poll();
  };
  const hear = (message: Uint8Array, isBinary: boolean): void => {
    if (state === "closed") return;
    if (isBinary) {
      close("a viewer sends text only", CloseCode.unsupported);
      return;
    }
    const read = mayCome() ? readViewerMessage(Buffer.from(message).toString()) : "too many";
    if (read === undefined) close("this message is not understood", CloseCode.policy);
    else if (read === "too many") close("too many messages", CloseCode.policy);
    else if (read.type === "ack") acknowledge(read.sequence, read.agoMs);
    else watchOrClose(read);
  };
  const watchOrClose = (wishes: SocketWishes): void => {
    try {
      viewer.watch(wishes);
    } catch (error) {
      if (!MillraceError.is(error)) fail(error);
      else close(error.message, error.retryable ? CloseCode.later : CloseCode.policy);
    }
  };
  const start = (chosen: ChosenRenditions): void => {
    const { isStill, isWanted } = chosen;
    feed?.stop();
    rungs = chosen.rungs;
    window.resize(isStill ? windows.pictures : windows.chunks);
    said = "";
    feed = startFrameFeed(
      {
        isStill,
        rungs,
        isWanted,
        canSend: () => isFree() && !window.isFull,
        dropped: () => meter.dropped(),
        transmit: (frame, rendition) => transmit(frame, rendition, isStill),
        ended: () => close("the stream is over"),
        failed: fail,
      },
      feed?.sender.lastSent ?? -1,
    );
  };

  const data = options.data$.subscribe({ next: post, error: () => {} });
  const id = randomUUID();
  const viewer: WebsocketViewer = {
    id,
    transport: "websocket",
    sinceMs: Date.now(),
    get rungs() {
      return rungs;
    },
    watch(wishes) {
      const chosen = chooseRenditions(hub, wishes, options.ladder);
      options.check(chosen.rungs, viewer);
      sound?.unsubscribe();
      sound = wishes.audio && startSoundFeed(hub, wishes.audio, post, fail);
      start(chosen);
    },
    tick(nowMs) {
      if (state === "closed") return;
      const { oldest } = window;
      const silentMs = oldest === undefined ? 0 : nowMs - Math.max(heardMs, oldest.sentMs);
      if (silentMs > stallMs || (!isPingAnswered && nowMs - pingedMs > stallMs)) {
        close(`nothing was acknowledged for ${stallMs / 1_000} s`, CloseCode.later);
      } else if (!feed && nowMs - startedMs > CHOOSE_MS) {
        close("it did not say what to watch", CloseCode.policy);
      } else {
        if (state === "live" && silentMs > stallMs / 2) state = "stale";
        if (isPingAnswered && nowMs - pingedMs >= PING_MS) ping(nowMs);
      }
    },
    stats: () => ({
      id,
      transport: "websocket",
      state,
      sinceMs: viewer.sinceMs,
      rendition: [feed?.rendition.label ?? "nothing yet", size].filter(Boolean).join(" "),
      ...meter.read(),
      isAgeAcknowledged,
      rttMs,
      lossRatio: null,
      targetBitrate: null,
    }),
    close: (reason) => close(reason),
    leave: () => close("the server goes away", CloseCode.away),
  };
  const ping = (nowMs: number): void => {
    pingedMs = nowMs;
    isPingAnswered = false;
    socket.ping();
  };
  socket.on("pong", () => {
    isPingAnswered = true;
    rttMs = performance.now() - pingedMs;
    // The shortest one found no queue: it is the road's own.
    bareRttMs = Math.min(bareRttMs, rttMs);
    window.widen((bareRttMs * meter.read().fps) / 1_000);
  });
  socket.on("message", hear as (...args: never[]) => void);
  // What ws finds wrong, it answers with the right code itself; a connection that breaks is told by "close".
  socket.on("error", () => {});
  socket.on("close", () => {
    state = "closed";
    feed?.stop();
    sound?.unsubscribe();
    data.unsubscribe();
  });
  send(JSON.stringify(hello));
  ping(startedMs);
  return viewer;
}
