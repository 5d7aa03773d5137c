import type { EncodedVideoFamily } from "@millrace/media";
import type { Observable } from "rxjs";
import { ReplaySubject, takeUntil } from "rxjs";
import type { EncodedFrame, EncodedSound } from "../../hub/encoded-frame.ts";
import type { FrameHub } from "../../hub/frame-hub.ts";
import type { Viewer, ViewerState } from "../../viewers/viewer.ts";
import { createViewerMeter } from "../../viewers/viewer-meter.ts";
import type { Peer, PeerReport, PeerSender } from "../peer-transport.ts";
import type { Ticks } from "../ticks.ts";
import { createViewerRoad, type ViewerRoad } from "../viewer-road.ts";
import { createDataFeed, type DataFeed } from "./data-feed.ts";
import { receivedSound } from "./received-sound.ts";
import type { RtpClock } from "./rtp-clock.ts";
import { createSessionSignals } from "./session-signals.ts";
import type { SignalledSession } from "./signalled-session.ts";
import type { SteeredViewer } from "./tier-steering.ts";
import { createVideoFeed, type VideoFeed } from "./video-feed.ts";
import type { VideoTier, VideoTiers } from "./video-tiers.ts";

/** Somebody who watches over WebRTC. */
export interface WebrtcViewer extends Viewer {
  /**
   * What the viewer says, as Opus on the stream's clock, one packet after the other; what comes twice or too late is
   * left out. Hot. Nothing of one who sends no sound. Completes when the viewer goes.
   */
  readonly sound$: Observable<EncodedSound>;
  /** Place of the rendition that it is sent, 0 for the best. */
  readonly tier: number;
  /**
   * Sends another rendition from its next key frame on; numbers and times go on as if it were the same.
   *
   * @param tier - its place, which stays until another is chosen; `"auto"` follows the viewer's road again, as it is
   *   in the beginning
   */
  switchTo(tier: number | "auto"): void;
}

/** A viewer and what its publication does with it. */
export interface WebrtcSession extends WebrtcViewer, SignalledSession {
  readonly id: string;
  /** Undefined while it is sent nothing, or no video. */
  readonly steered: SteeredViewer | undefined;
  readonly closed$: Observable<string>;
  /** Settles when its connection is closed, once {@link WebrtcSession.close} was called. */
  ended(): Promise<void>;
  /** To be called a few times a second; `nowMs` of `performance.now()`. */
  tick(nowMs: number): void;
  close(reason?: string): void;
}

/** What a session is made with. */
export interface SessionOptions {
  readonly peer: Peer;
  readonly hub: FrameHub;
  readonly tiers: VideoTiers;
  readonly clock: RtpClock;
  readonly ticks: Ticks;
  /** How often {@link WebrtcSession.tick} is called. */
  readonly tickMs: number;
  readonly canRestart: boolean;
  /** Of the viewer; undefined when the offer was ours. */
  readonly offer: string | undefined;
}

/** The video of one viewer. */
interface Sending {
  readonly video: PeerSender;
  readonly family: EncodedVideoFamily;
  readonly feed: VideoFeed;
  readonly road: ViewerRoad;
}

/** Somebody who was made an offer may think it over for so long. */
const ANSWER_LIMIT_MS = 30_000;
const CONNECT_LIMIT_MS = 10_000;
const STALE_AFTER_MS = 5_000;
const GONE_AFTER_MS = 10_000;
const REPORT_EVERY_MS = 1_000;
/** Repetitions, headers and key frames go beside what the encoder is asked for. */
const ROOM_ABOVE = 1.3;

/** Sends a publication to one peer, until it goes away or says nothing more. */
export function createSession({
  peer,
  hub,
  tiers,
  clock,
  ticks,
  tickMs,
  canRestart,
  offer,
}: SessionOptions): WebrtcSession {
  const meter = createViewerMeter();
  // A connection may have failed before anybody could listen.
  const closed$ = new ReplaySubject<string>(1);
  const signals = createSessionSignals(peer, offer, canRestart);
  let startedMs = performance.now();
  let state: ViewerState = "connecting";
  let heardMs = startedMs;
  let reportedMs = 0;
  let rttMs: number | null = null;
  let lossRatio: number | null = null;
  let isAgeAcknowledged = false;
  let framesDropped = 0;
  let isTierFixed = false;
  let liveMs = Number.POSITIVE_INFINITY;
  const best = tiers.tiers[0] as VideoTier;
  let firstTier = 0;
  let lastFrame: EncodedFrame | undefined;
  let sending: Sending | undefined;
  let closing: Promise<void> = Promise.resolve();

  const nowMs = (): number => performance.timeOrigin + performance.now();
  const close = (reason = "sent away"): void => {
    if (state === "closed") return;
    state = "closed";
    sending?.feed.stop();
    sending?.road.close();
    closed$.next(reason);
    closed$.complete();
    // A connection that fails while it is being closed is closed, too.
    closing = peer.close().catch(() => {});
  };
  /** What was agreed on is known only when the connection stands: the offer may have been ours. */
  const openVideo = (video: PeerSender, family: EncodedVideoFamily): Sending => {
    const road = createViewerRoad({
      send: video.send,
      resend: video.resend,
      ticks,
      tickMs,
      requestKeyFrame: () => feed.requestKeyFrame(),
      sent: (sizeBytes) => meter.sentBytes(sizeBytes),
      dropped(frames) {
        framesDropped += frames;
        meter.dropped(frames);
      },
      rate: { startBitrate: best.bitrate, maxBitrate: best.bitrate * ROOM_ABOVE },
    });
    const feed = createVideoFeed({
      tiers,
      family,
      tier: firstTier,
      drop: () => meter.dropped(),
      end: () => close("the stream is over"),
      send({ frame, packets }) {
        const before = framesDropped;
        road.sendFrame(packets, frame.isKey);
        if (framesDropped > before) return;
        meter.sent(0);
        lastFrame = frame;
        if (!isAgeAcknowledged) meter.aged(nowMs() - frame.capturedAtMs + road.read().pacedMs);
        data.tellClock(frame);
      },
    });
    return { video, family, feed, road };
  };
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
          const sent = audio.send({
            data: sound,
            timestamp: clock.audio(timestamp),
            marker: false,
          });
          if (sending) sending.road.noteSound(sent);
          else meter.sentBytes(sent.sizeBytes);
        },
        error: () => close("the sound cannot be encoded"),
      });
  };
  const hear = (report: PeerReport): void => {
    heardMs = performance.now();
    sending?.road.hear(report);
    if (report.kind !== "receiver-report") return;
    lossRatio = report.lossRatio;
    rttMs = report.rttMs ?? rttMs;
  };
  /** A viewer knows by them which sound belongs to which picture. */
  const report = (): void => {
    const streamUs = hub.clock.now();
    sending?.video.report(clock.video(streamUs), nowMs());
    peer.audio?.report(clock.audio(streamUs), nowMs());
  };

  peer.reports$.pipe(takeUntil(closed$)).subscribe(hear);
  peer.channels$.pipe(takeUntil(closed$)).subscribe((channel) => {
    data.take(channel, closed$);
    if (lastFrame) data.tellClock(lastFrame);
  });
  peer.state$.pipe(takeUntil(closed$)).subscribe((peerState) => {
    if (peerState === "closed" || peerState === "failed") close(`the connection has ${peerState}`);
    if (peerState !== "connected" || state !== "connecting") return;
    state = "live";
    heardMs = performance.now();
    liveMs = heardMs;
    const { video } = peer;
    try {
      if (video && video.codec !== "opus") {
        sending = openVideo(video, video.codec);
        sending.feed.start();
      }
      startSound();
    } catch {
      close("the stream cannot be encoded");
    }
  });

  const steered: SteeredViewer = {
    get family() {
      return sending?.family ?? "h264";
    },
    get rendition() {
      return sending?.feed.current?.rendition;
    },
    get tier() {
      return sending?.feed.tier ?? 0;
    },
    get isTierFixed() {
      return isTierFixed;
    },
    get sinceMs() {
      return liveMs;
    },
    get road() {
      return (sending as Sending).road.read();
    },
    moveTo: (tier) => sending?.feed.switchTo(tier),
  };
  const { id } = signals;
  const session: WebrtcSession = {
    id,
    transport: "webrtc",
    sinceMs: Date.now(),
    peer,
    // Spreading would read what changes.
    get etag() {
      return signals.etag;
    },
    set etag(tag) {
      signals.etag = tag;
    },
    get isAnswerAwaited() {
      return signals.isAnswerAwaited;
    },
    canRestart,
    get remoteUfrag() {
      return signals.remoteUfrag;
    },
    async acceptAnswer(sdp) {
      startedMs = performance.now();
      await signals.acceptAnswer(sdp);
    },
    addCandidate: signals.addCandidate,
    restart: signals.restart,
    closed$,
    ended: () => closing,
    sound$: receivedSound(peer.receivers$, () => hub.clock.now()).pipe(takeUntil(closed$)),
    get tier() {
      return sending?.feed.tier ?? 0;
    },
    switchTo(tier) {
      isTierFixed = tier !== "auto";
      if (tier === "auto") return;
      firstTier = Math.max(0, Math.min(tiers.tiers.length - 1, tier));
      sending?.feed.switchTo(firstTier);
    },
    get steered() {
      return state === "live" && sending?.feed.current ? steered : undefined;
    },
    stats: () => ({
      id,
      transport: "webrtc",
      state,
      sinceMs: session.sinceMs,
      rendition: renditionWords(sending, lastFrame),
      ...meter.read(),
      isAgeAcknowledged,
      rttMs,
      lossRatio: sending?.road.read().lossRatio ?? lossRatio,
      targetBitrate: sending?.road.read().targetBitrate ?? null,
    }),
    tick(atMs) {
      if (state === "closed") return;
      if (state === "connecting") {
        const limitMs = signals.isAnswerAwaited ? ANSWER_LIMIT_MS : CONNECT_LIMIT_MS;
        if (atMs - startedMs > limitMs) close("it did not connect");
        return;
      }
      const silentMs = atMs - heardMs;
      if (silentMs > GONE_AFTER_MS) {
        close("nothing was heard of it");
      } else if (silentMs > STALE_AFTER_MS) {
        if (state === "live") sending?.feed.stop();
        state = "stale";
      } else if (state === "stale") {
        state = "live";
        sending?.feed.start();
      }
      if (state === "live") sending?.road.tick();
      if (state === "live" && atMs - reportedMs >= REPORT_EVERY_MS) {
        reportedMs = atMs;
        report();
      }
    },
    close,
  };
  return session;
}

function renditionWords(sending: Sending | undefined, frame: EncodedFrame | undefined): string {
  if (!sending) return "no video";
  const size = frame && `${frame.width}×${frame.height}`;
  const bitrate = sending.feed.current?.rendition.bitrate;
  const rate = bitrate === undefined ? "" : `${Math.round(bitrate / 1_000)} kbit/s`;
  return [sending.family, size, rate].filter(Boolean).join(" ");
}
