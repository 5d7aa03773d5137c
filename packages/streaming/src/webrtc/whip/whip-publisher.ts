import {
  type EncodedVideoChunk,
  type EncodedVideoFamily,
  type LiveStream,
  shareFrames,
  type VideoDecoderBackend,
  type VideoFrame,
} from "@millrace/media";
import { Observable, ReplaySubject, Subject, Subscription } from "rxjs";
import type { EncodedSound } from "../../hub/encoded-frame.ts";
import type { Peer, PeerReceiver } from "../peer-transport.ts";
import { createFrameAssembler } from "../rtp/frame-assembler.ts";
import { receivedSound } from "../session/received-sound.ts";
import { createSessionSignals } from "../session/session-signals.ts";
import type { SignalledSession } from "../session/signalled-session.ts";

/** Somebody who sends us a stream. */
export interface WhipPublisher {
  /** Of this process and not to be guessed: it stands in the address of its session. */
  readonly id: string;
  /** When it came, milliseconds of Unix time. */
  readonly sinceMs: number;
  /** Undefined until video has come. */
  readonly family: EncodedVideoFamily | undefined;
  /**
   * Encoded frames, whole and in order, from a key frame on; after a loss again from a key frame on, which is asked
   * for. Hot. Ends when the publisher goes.
   */
  readonly chunks$: Observable<EncodedVideoChunk>;
  /** Opus, one packet after the other; what comes twice or too late is left out. Hot. */
  readonly sound$: Observable<EncodedSound>;
  /** Asks for a key frame, such as for one who begins to decode. */
  requestKeyFrame(): void;
  /**
   * The stream as pictures, decoded once for all who subscribe, and only while somebody does. It can be given to
   * `createFrameHub`.
   */
  decode(decoder: VideoDecoderBackend): LiveStream & { readonly video$: Observable<VideoFrame> };
  /** Why it has gone. */
  readonly closed$: Observable<string>;
  /** Sends it away. */
  close(reason?: string): void;
}

/** A publisher and what the ingest does with it. */
export interface WhipSession extends WhipPublisher, SignalledSession {
  readonly id: string;
  close(reason?: string): void;
  /** To be called a few times a second; `nowMs` of `performance.now()`. */
  tick(nowMs: number): void;
}

const CONNECT_LIMIT_MS = 10_000;
const GONE_AFTER_MS = 10_000;
const ASK_AGAIN_MS = 500;

/** Takes what a peer sends. */
export function createWhipSession(peer: Peer, offer: string, canRestart: boolean): WhipSession {
  const signals = createSessionSignals(peer, offer, canRestart);
  const chunks$ = new Subject<EncodedVideoChunk>();
  const sound$ = new Subject<EncodedSound>();
  // A connection may have failed before anybody could listen.
  const closed$ = new ReplaySubject<string>(1);
  const subscriptions = new Subscription();
  const startedMs = performance.now();
  let heardMs = startedMs;
  let askedMs = Number.NEGATIVE_INFINITY;
  let isConnected = false;
  let isClosed = false;
  let video: PeerReceiver | undefined;

  /** Stream time, from when the session began. */
  const nowUs = (): number => (performance.now() - startedMs) * 1_000;
  const hear = (): void => {
    heardMs = performance.now();
  };
  const ask = (): void => {
    const nowMs = performance.now();
    if (nowMs - askedMs < ASK_AGAIN_MS) return;
    askedMs = nowMs;
    video?.requestKeyFrame();
  };
  const takeVideo = (receiver: PeerReceiver, codec: EncodedVideoFamily): Subscription => {
    session.family = codec;
    video = receiver;
    const assembler = createFrameAssembler(codec);
    let zeroUs: number | undefined;
    return receiver.packets$.subscribe((packet) => {
      for (const frame of assembler.push(packet, performance.now())) {
        const us = (frame.timestamp * 1_000) / 90;
        zeroUs ??= us - nowUs();
        const timestamp = Math.round(us - zeroUs);
        const { data, isKey } = frame;
        const type = isKey ? "key" : "delta";
        chunks$.next({ type, timestamp, duration: null, pts: timestamp, dts: timestamp, data });
      }
      if (assembler.isKeyFrameWanted) ask();
    });
  };
  const close = (reason = "sent away"): void => {
    if (isClosed) return;
    isClosed = true;
    subscriptions.unsubscribe();
    closed$.next(reason);
    for (const subject of [closed$, chunks$, sound$]) subject.complete();
    void peer.close();
  };
  const session = Object.assign(signals, {
    family: undefined as EncodedVideoFamily | undefined,
    sinceMs: Date.now(),
    chunks$,
    sound$,
    closed$,
    requestKeyFrame: ask,
    decode: (decoder: VideoDecoderBackend) => ({
      clock: { now: nowUs },
      video$: decodeChunks(chunks$, () => session.family, decoder, ask),
    }),
    tick(nowMs: number) {
      if (!isConnected && nowMs - startedMs > CONNECT_LIMIT_MS) close("it did not connect");
      if (isConnected && nowMs - heardMs > GONE_AFTER_MS) close("nothing was heard of it");
    },
    close,
  });
  subscriptions.add(
    peer.receivers$.subscribe((receiver) => {
      subscriptions.add(receiver.packets$.subscribe(hear));
      if (receiver.codec !== "opus") subscriptions.add(takeVideo(receiver, receiver.codec));
    }),
  );
  subscriptions.add(receivedSound(peer.receivers$, nowUs).subscribe((sound) => sound$.next(sound)));
  subscriptions.add(peer.reports$.subscribe(hear));
  subscriptions.add(
    peer.state$.subscribe((state) => {
      if (state === "connected") isConnected = true;
      if (state === "closed" || state === "failed") close(`the connection has ${state}`);
    }),
  );
  return session;
}

/** Decodes while somebody looks; while a frame is being decoded, those that come wait in their order. */
function decodeChunks(
  chunks$: Observable<EncodedVideoChunk>,
  family: () => EncodedVideoFamily | undefined,
  backend: VideoDecoderBackend,
  requestKeyFrame: () => void,
): Observable<VideoFrame> {
  return new Observable<VideoFrame>((subscriber) => {
    let turn: Promise<void> = Promise.resolve();
    let waiting = 0;
    let isKeyAwaited = true;
    const opened = async (): Promise<Awaited<ReturnType<VideoDecoderBackend["open"]>>> => {
      const codec = family() ?? "h264";
      return await backend.open(
        {
          family: codec,
          codec: codec === "h264" ? "avc1.42e01f" : "vp8",
          codedWidth: 0,
          codedHeight: 0,
          reorderDepth: 0,
        },
        { timeBase: { num: 1, den: 1_000_000 } },
      );
    };
    let decoder: ReturnType<typeof opened> | undefined;
    const subscription = chunks$.subscribe({
      next(chunk) {
        if (waiting >= MOST_WAITING) isKeyAwaited = true;
        if (isKeyAwaited && chunk.type !== "key") {
          requestKeyFrame();
          return;
        }
        isKeyAwaited = false;
        decoder ??= opened();
        const opening = decoder;
        waiting++;
        turn = turn
          .then(async () => {
            for (const { frame } of (await (await opening).decode([chunk])).frames) {
              if (!subscriber.closed) subscriber.next(frame);
              frame.close();
            }
          })
          .catch((error: unknown) => subscriber.error(error))
          .finally(() => waiting--);
      },
      complete: () => void turn.then(() => subscriber.complete()),
    });
    requestKeyFrame();
    return () => {
      subscription.unsubscribe();
      void turn.then(async () => await (await decoder)?.close()).catch(() => {});
    };
  }).pipe(shareFrames());
}

/** Half a second that a decoder may be behind; then it goes on with a key frame. */
const MOST_WAITING = 15;
