import { randomBytes } from "node:crypto";
import type { Observable } from "rxjs";
import { Subject, takeUntil } from "rxjs";
import type { FrameHub } from "../../hub/frame-hub.ts";
import type { Viewer, ViewerState } from "../../viewers/viewer.ts";
import { createViewerMeter } from "../../viewers/viewer-meter.ts";
import type { Peer, PeerReceiver, PeerReport } from "../peer-transport.ts";
import { readDescription } from "../sdp/read-description.ts";
import type { SdpFragment } from "../sdp/sdp-fragment.ts";
import { createDataFeed, type DataFeed } from "./data-feed.ts";
import type { RtpClock } from "./rtp-clock.ts";
import { createVideoFeed, type VideoFeed } from "./video-feed.ts";
import type { VideoTiers } from "./video-tiers.ts";

/** Somebody who watches over WebRTC. */
export interface WebrtcViewer extends Viewer {
  /** What the viewer sends: sound of a conversation. */
  readonly received$: Observable<PeerReceiver>;
  /** Place of the rendition that it is sent, 0 for the best. */
  readonly tier: number;
  /** Sends another rendition from its next key frame on; numbers and times go on as if it were the same. */
  switchTo(tier: number): void;
}

/** A viewer and what its publication does with it. */
export interface WebrtcSession extends WebrtcViewer {
  readonly peer: Peer;
  /** Changes whenever the connection is made anew: what a request about it must name. */
  etag: string;
  /** Whether we made the offer and the viewer has not answered it. */
  readonly isAnswerAwaited: boolean;
  readonly canRestart: boolean;
  /** By which the viewer's candidates are known; changes with a restart. */
  readonly remoteUfrag: string | undefined;
  acceptAnswer(sdp: string): Promise<void>;
  addCandidate(candidate: string, mid: string): Promise<void>;
  /** Makes the connection anew with other credentials; gives ours. */
  restart(fragment: SdpFragment): Promise<string>;
  readonly closed$: Observable<string>;
  /** To be called a few times a second; `nowMs` of `performance.now()`. */
  tick(nowMs: number): void;
}

/** What a session is made with. */
export interface SessionOptions {
  readonly peer: Peer;
  readonly hub: FrameHub;
  readonly tiers: VideoTiers;
  readonly clock: RtpClock;
  readonly canRestart: boolean;
  /** Of the viewer; undefined when the offer was ours. */
  readonly offer: string | undefined;
}

/** Somebody who was made an offer may think it over for so long. */
const ANSWER_LIMIT_MS = 30_000;
const CONNECT_LIMIT_MS = 10_000;
const STALE_AFTER_MS = 5_000;
const GONE_AFTER_MS = 10_000;
const REPORT_EVERY_MS = 1_000;

/** Sends a publication to one peer, until it goes away or says nothing more. */
export function createSession({
  peer,
  hub,
  tiers,
  clock,
  canRestart,
  offer,
}: SessionOptions): WebrtcSession {
  const meter = createViewerMeter();
  const closed$ = new Subject<string>();
  let startedMs = performance.now();
  let isAnswerAwaited = offer === undefined;
  let remoteUfrag = offer && ufragOf(offer);
  let state: ViewerState = "connecting";
  let heardMs = startedMs;
  let reportedMs = 0;
  let rttMs: number | null = null;
  let lossRatio: number | null = null;
  let isAgeAcknowledged = false;
  let size = "";

  const nowMs = (): number => performance.timeOrigin + performance.now();
  const close = (reason = "sent away"): void => {
    if (state === "closed") return;
    state = "closed";
    feed?.stop();
    closed$.next(reason);
    closed$.complete();
    void peer.close();
  };
  const video = peer.video;
  const feed: VideoFeed | undefined =
    video && video.codec !== "opus"
      ? createVideoFeed({
          tiers,
          family: video.codec,
          tier: 0,
          drop: () => meter.dropped(),
          end: () => close("the stream is over"),
          send({ frame, packets }) {
            let sizeBytes = 0;
            for (const packet of packets) sizeBytes += video.send(packet).sizeBytes;
            meter.sent(sizeBytes);
            size = `${frame.width}×${frame.height}`;
            if (!isAgeAcknowledged) meter.aged(nowMs() - frame.capturedAtMs);
            if (frame.isKey) data.sendClock(frame);
          },
        })
      : undefined;
  const data: DataFeed = createDataFeed(hub.data$, clock, (shown, agoMs) => {
    const capturedAtMs =
      shown.timestamp === undefined
        ? shown.rtpTimestamp !== undefined && clock.find(shown.rtpTimestamp)?.capturedAtMs
        : hub.capturedAtMs(shown.timestamp);
    if (!capturedAtMs) return;
    isAgeAcknowledged = true;
    // The report itself was on its way for half of the time there and back.
    meter.aged(Math.max(0, nowMs() - agoMs - (rttMs ?? 0) / 2 - capturedAtMs));
  });

  const startSound = (): void => {
    const { audio } = peer;
    if (!audio) return;
    hub
      .sound("opus")
      .packets$.pipe(takeUntil(closed$))
      .subscribe({
        next({ timestamp, data: sound }) {
          if (state !== "live") return;
          const { sizeBytes } = audio.send({
            data: sound,
            timestamp: clock.audio(timestamp),
            marker: false,
          });
          meter.sentBytes(sizeBytes);
        },
        error: () => close("the sound cannot be encoded"),
      });
  };
  const hear = (report: PeerReport): void => {
    heardMs = performance.now();
    switch (report.kind) {
      case "key-frame-request":
        feed?.requestKeyFrame();
        break;
      case "nack":
        for (const number of report.sequenceNumbers) {
          const again = video?.resend(number);
          if (again) meter.sentBytes(again.sizeBytes);
        }
        break;
      case "receiver-report":
        lossRatio = report.lossRatio;
        rttMs = report.rttMs ?? rttMs;
        break;
      default:
    }
  };
  /** A viewer knows by them which sound belongs to which picture. */
  const report = (): void => {
    const streamUs = hub.clock.now();
    video?.report(clock.video(streamUs), nowMs());
    peer.audio?.report(clock.audio(streamUs), nowMs());
  };

  peer.reports$.pipe(takeUntil(closed$)).subscribe(hear);
  peer.channels$.pipe(takeUntil(closed$)).subscribe((channel) => data.take(channel, closed$));
  peer.state$.pipe(takeUntil(closed$)).subscribe((peerState) => {
    if (peerState === "closed" || peerState === "failed") close(`the connection has ${peerState}`);
    if (peerState !== "connected" || state !== "connecting") return;
    state = "live";
    heardMs = performance.now();
    try {
      feed?.start();
      startSound();
    } catch {
      close("the stream cannot be encoded");
    }
  });

  const id = randomBytes(18).toString("base64url");
  const session: WebrtcSession = {
    id,
    etag: newEtag(),
    transport: "webrtc",
    sinceMs: Date.now(),
    peer,
    get isAnswerAwaited() {
      return isAnswerAwaited;
    },
    canRestart,
    get remoteUfrag() {
      return remoteUfrag;
    },
    async acceptAnswer(sdp) {
      readDescription(sdp);
      isAnswerAwaited = false;
      startedMs = performance.now();
      remoteUfrag = ufragOf(sdp);
      await peer.acceptAnswer(sdp);
    },
    async addCandidate(candidate, mid) {
      await peer.addRemoteCandidate(candidate, mid);
    },
    async restart(fragment) {
      const ours = await peer.restartIce(fragment);
      remoteUfrag = fragment.ufrag;
      return ours;
    },
    closed$,
    received$: peer.receivers$,
    get tier() {
      return feed?.tier ?? 0;
    },
    switchTo: (tier) => feed?.switchTo(tier),
    stats: () => ({
      id,
      transport: "webrtc",
      state,
      sinceMs: session.sinceMs,
      rendition: renditionWords(video?.codec, size, feed?.current?.rendition.bitrate),
      ...meter.read(),
      isAgeAcknowledged,
      rttMs,
      lossRatio,
      targetBitrate: null,
    }),
    tick(atMs) {
      if (state === "closed") return;
      if (state === "connecting") {
        const limitMs = isAnswerAwaited ? ANSWER_LIMIT_MS : CONNECT_LIMIT_MS;
        if (atMs - startedMs > limitMs) close("it did not connect");
        return;
      }
      const silentMs = atMs - heardMs;
      if (silentMs > GONE_AFTER_MS) {
        close("nothing was heard of it");
      } else if (silentMs > STALE_AFTER_MS) {
        if (state === "live") feed?.stop();
        state = "stale";
      } else if (state === "stale") {
        state = "live";
        feed?.start();
      }
      if (state === "live" && atMs - reportedMs >= REPORT_EVERY_MS) {
        reportedMs = atMs;
        report();
      }
    },
    close,
  };
  return session;
}

/** A tag that no other connection has, in the form of HTTP. */
export function newEtag(): string {
  return `"${randomBytes(9).toString("base64url")}"`;
}

function ufragOf(description: string): string | undefined {
  return /^a=ice-ufrag:(\S+)/m.exec(description)?.[1];
}

function renditionWords(
  codec: string | undefined,
  size: string,
  bitrate: number | undefined,
): string {
  if (codec === undefined) return "no video";
  const rate = bitrate === undefined ? "" : `${Math.round(bitrate / 1_000)} kbit/s`;
  return [codec, size, rate].filter(Boolean).join(" ");
}
