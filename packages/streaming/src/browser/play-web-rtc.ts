import { CLOCK_KIND, DATA_CHANNEL, readPeerData } from "../messages/peer-messages.ts";
import type { IceServer } from "../webrtc/peer-transport.ts";
import { eachVideoFrame } from "./each-video-frame.ts";
import { type ConnectionEnd, keepConnected } from "./keep-connected.ts";
import { type PageCanvas, type PageVideo, page } from "./page.ts";
import {
  type PageChannel,
  type PagePeerConnection,
  type PageReceiver,
  pageRtc,
} from "./peer-connection.ts";
import type { Player, PlayerOptions } from "./player.ts";
import { createPlayerCore } from "./player-core.ts";
import { createRtpTimes } from "./rtp-times.ts";
import { openWhepSession, type WhepSession } from "./whep-session.ts";

/** What {@link playWebRtc} is told. */
export interface PlayWebRtcOptions extends PlayerOptions {
  /** Where to post the offer. */
  readonly url: string | URL;
  /** Shows the stream. A page that nobody has clicked at plays only what is `muted`. */
  readonly video: PageVideo;
  /** Is drawn on at each frame too, in step with `onFrame`. */
  readonly canvas?: PageCanvas;
  /** Whether to ask for sound. @defaultValue true */
  readonly audio?: boolean;
  /** Codec to ask for, and no other. @defaultValue what the server likes best */
  readonly codec?: "h264" | "vp8";
  /**
   * Track of a microphone, such as `getUserMedia` gives one: the server has it as `sound$` of the viewer. The track
   * stays the page's to stop.
   */
  readonly microphone?: object;
  /** How long the browser should hold frames back, in milliseconds. @defaultValue as the browser finds it */
  readonly jitterBufferTarget?: number;
  /**
   * To find a road with. Those that the server names are used from the next attempt on, which comes after three seconds
   * without a connection.
   */
  readonly iceServers?: readonly IceServer[];
  /** `"relay"` goes over TURN only. @defaultValue `"all"` */
  readonly iceTransportPolicy?: "all" | "relay";
  /** Sent with every request, such as `authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** @defaultValue that of the page */
  readonly fetch?: typeof fetch;
}

const REPORT_MS = 500;
/** A connection that has broken may come back by itself; then it is made anew. */
const BROKEN_MS = 3_000;
const CONNECT_MS = 10_000;
/** The server names others to go by, and this connection was begun without them. */
const UNTOLD_MS = 3_000;

/**
 * Plays a stream of `webrtc` over WHEP in a `<video>`. A connection that fails is made anew.
 *
 * @example
 * ```ts no-run
 * import { drawDetections, playWebRtc } from "@millrace/streaming/browser";
 *
 * const overlay = document.querySelector<HTMLCanvasElement>("canvas")!.getContext("2d")!;
 * const player = playWebRtc({
 *   url: "/live/whep",
 *   video: document.querySelector("video")!,
 *   onFrame: (frame) => drawDetections(overlay, frame, { width: 1280, height: 720 }),
 * });
 * player.close();
 * ```
 * @throws MillraceError MISSING_DEPENDENCY when there is no WebRTC here
 */
export function playWebRtc(options: PlayWebRtcOptions): Player {
  const { video, canvas, maxAttempts = Number.POSITIVE_INFINITY } = options;
  const rtc = pageRtc();
  const core = createPlayerCore(options);
  const leaving = new AbortController();
  let named: readonly IceServer[] = [];

  const connect = async (leave: AbortSignal): Promise<ConnectionEnd> => {
    const done = new AbortController();
    const signal = AbortSignal.any([leave, done.signal]);
    const opened: PagePeerConnection[] = [];
    const ended = Promise.withResolvers<ConnectionEnd>();
    const end = (reason: string): void => ended.resolve({ kind: "again", reason });
    let watch: (() => void) | undefined;
    const open = (): PagePeerConnection => {
      const iceServers = [...(options.iceServers ?? []), ...named];
      const { iceTransportPolicy = "all" } = options;
      const connection = new rtc.RTCPeerConnection({
        iceServers,
        iceTransportPolicy,
        bundlePolicy: "max-bundle",
      });
      opened.push(connection);
      const tracks: unknown[] = [];
      connection.ontrack = ({ track, receiver }) => {
        hold(receiver, options.jitterBufferTarget);
        tracks.push(track);
        video.srcObject = new rtc.MediaStream(tracks);
        // Until somebody clicks, some pages may not play; the element shows that itself.
        void video.play().catch(() => {});
      };
      watch = watchState(connection, end, () => {
        for (const limit of limits) clearTimeout(limit);
      });
      return connection;
    };
    const times = createRtpTimes();
    let channel: PageChannel | undefined;
    const listen = (made: PageChannel): void => {
      channel = made;
      made.onmessage = ({ data }) => {
        if (typeof data !== "string") return;
        const item = readPeerData(data);
        if (!item) return;
        const { kind, timestamp, rtpTimestamp, value } = item;
        if (rtpTimestamp !== undefined) times.anchor(rtpTimestamp, timestamp);
        if (kind !== CLOCK_KIND) core.data({ kind, timestamp, value });
        else captured(timestamp, value);
      };
    };
    let clock: { readonly timestamp: number; readonly capturedAtMs: number } | undefined;
    const captured = (timestamp: number, value: unknown): void => {
      const { capturedAtMs } = value as { readonly capturedAtMs?: unknown };
      if (typeof capturedAtMs === "number") clock = { timestamp, capturedAtMs };
    };
    let shown: { readonly rtpTimestamp: number; readonly atMs: number } | undefined;
    const stopFrames = eachVideoFrame(video, canvas, ({ rtpTimestamp, mediaTime }) => {
      const known = rtpTimestamp === undefined ? undefined : times.toTimestamp(rtpTimestamp);
      if (rtpTimestamp !== undefined) shown = { rtpTimestamp, atMs: performance.now() };
      const timestamp = known ?? mediaTime;
      const capturedAtMs =
        clock && known !== undefined
          ? clock.capturedAtMs + (known - clock.timestamp) / 1_000
          : undefined;
      core.shown({ sequence: null, timestamp, capturedAtMs });
    });
    const report = setInterval(() => {
      void readNumbers(opened.at(-1)).then(core.told, () => {});
      if (!shown || channel?.readyState !== "open") return;
      const { rtpTimestamp, atMs } = shown;
      const timestamp = times.toTimestamp(rtpTimestamp);
      const agoMs = performance.now() - atMs;
      channel.send(
        JSON.stringify({
          shown: { rtpTimestamp, agoMs, ...(timestamp !== undefined && { timestamp }) },
        }),
      );
    }, REPORT_MS);
    const giveUp = (): void => end("it did not connect");
    const limits = [setTimeout(giveUp, CONNECT_MS)];
    let session: WhepSession | undefined;
    const leavePage = (): void => session?.end();
    page().addEventListener?.("pagehide", leavePage);
    try {
      const connection = open();
      listen(connection.createDataChannel(DATA_CHANNEL));
      const receiving = connection.addTransceiver("video", { direction: "recvonly" });
      if (options.codec) prefer(receiving, rtc, options.codec);
      if (options.microphone) {
        connection.addTransceiver(options.microphone, { direction: "sendrecv" });
      } else if (options.audio !== false) {
        connection.addTransceiver("audio", { direction: "recvonly" });
      }
      const result = await openWhepSession(
        connection,
        {
          url: new URL(options.url, page().location?.href),
          headers: options.headers ?? {},
          fetch: options.fetch ?? ((...args) => fetch(...args)),
          signal,
        },
        () => {
          connection.close();
          const other = open();
          other.ondatachannel = ({ channel }) => listen(channel);
          return other;
        },
      );
      if ("status" in result) return refusal(result.status);
      session = result;
      const isUntold = named.length === 0 && result.iceServers.length > 0;
      const isConnected = opened.at(-1)?.connectionState === "connected";
      if (isUntold && !isConnected && maxAttempts > 0) limits.push(setTimeout(giveUp, UNTOLD_MS));
      if (result.iceServers.length > 0) named = result.iceServers;
      leave.addEventListener("abort", () => end("closed by the page"));
      if (leave.aborted) end("closed by the page");
      return await ended.promise;
    } finally {
      page().removeEventListener?.("pagehide", leavePage);
      clearInterval(report);
      for (const limit of limits) clearTimeout(limit);
      watch?.();
      stopFrames();
      done.abort();
      session?.end();
      for (const connection of opened) connection.close();
    }
  };
  void keepConnected(core, leaving.signal, maxAttempts, connect);
  return {
    get state() {
      return core.state;
    },
    stats: core.stats,
    close() {
      core.set("closed", "closed by the page");
      leaving.abort();
    },
  };
}

/** @returns what stops it */
function watchState(
  connection: PagePeerConnection,
  end: (reason: string) => void,
  connected: () => void,
): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  connection.onconnectionstatechange = () => {
    clearTimeout(timer);
    const state = connection.connectionState;
    if (state === "connected") connected();
    if (state === "failed") end("the connection failed");
    if (state === "disconnected") timer = setTimeout(() => end("the connection broke"), BROKEN_MS);
  };
  return () => {
    clearTimeout(timer);
    connection.onconnectionstatechange = null;
  };
}

function refusal(status: number): ConnectionEnd {
  const isFinal = status >= 400 && status < 500 && ![408, 410, 429].includes(status);
  return {
    kind: status === 410 ? "over" : isFinal ? "never" : "again",
    reason: `the server answers ${status}`,
  };
}

function hold(receiver: PageReceiver, targetMs: number | undefined): void {
  if (targetMs !== undefined && "jitterBufferTarget" in receiver) {
    receiver.jitterBufferTarget = targetMs;
  }
}

function prefer(
  transceiver: { setCodecPreferences?(codecs: readonly object[]): void },
  rtc: ReturnType<typeof pageRtc>,
  codec: "h264" | "vp8",
): void {
  const all = rtc.RTCRtpReceiver.getCapabilities("video")?.codecs ?? [];
  const wanted = [`video/${codec}`, "video/rtx"];
  const kept = all.filter(({ mimeType }) => wanted.includes(mimeType.toLowerCase()));
  transceiver.setCodecPreferences?.(kept);
}

async function readNumbers(
  connection: PagePeerConnection | undefined,
): Promise<{ lost?: number; dropped?: number; rttMs?: number; bitrate?: number }> {
  const numbers: { lost?: number; dropped?: number; rttMs?: number; bitrate?: number } = {};
  (await connection?.getStats())?.forEach((report) => {
    if (report["type"] === "inbound-rtp" && report["kind"] === "video") {
      numbers.lost = Number(report["packetsLost"] ?? 0);
      numbers.dropped = Number(report["framesDropped"] ?? 0);
      received(connection as PagePeerConnection, report, numbers);
    }
    if (report["type"] === "candidate-pair" && report["nominated"] === true) {
      const seconds = report["currentRoundTripTime"];
      if (typeof seconds === "number") numbers.rttMs = seconds * 1_000;
    }
  });
  return numbers;
}

/** Bytes that had come at the last look, by connection. */
const looks = new WeakMap<object, { readonly atMs: number; readonly bytes: number }>();

function received(
  connection: PagePeerConnection,
  report: Readonly<Record<string, unknown>>,
  numbers: { bitrate?: number },
): void {
  const before = looks.get(connection);
  const now = { atMs: Number(report["timestamp"]), bytes: Number(report["bytesReceived"] ?? 0) };
  looks.set(connection, now);
  if (before && now.atMs > before.atMs) {
    numbers.bitrate = ((now.bytes - before.bytes) * 8_000) / (now.atMs - before.atMs);
  }
}
