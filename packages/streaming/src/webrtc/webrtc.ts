import type { IncomingMessage } from "node:http";
import { MillraceError } from "@millrace/core";
import type { EncodedVideoFamily } from "@millrace/media";
import type { Observable } from "rxjs";
import { pageOrigins } from "../http/page-origins.ts";
import type { FrameHub } from "../hub/frame-hub.ts";
import type { Publication, PublishOptions, Transport } from "../transport.ts";
import { createAdmission } from "../viewers/admission.ts";
import { createViewerList } from "../viewers/viewer-list.ts";
import { checkIce, iceUrls } from "./ice-server.ts";
import type { IceServer, Peer, PeerOptions, PeerTransport } from "./peer-transport.ts";
import { readDescription } from "./sdp/read-description.ts";
import { canSound } from "./session/can-sound.ts";
import { createRtpClock } from "./session/rtp-clock.ts";
import { createTierSteering } from "./session/tier-steering.ts";
import { createVideoTiers, DEFAULT_TIERS, type VideoTier } from "./session/video-tiers.ts";
import { createSession, type WebrtcSession, type WebrtcViewer } from "./session/webrtc-viewer.ts";
import { createSignalling } from "./signalling/signalling.ts";
import { createTicks } from "./ticks.ts";

/** What {@link webrtc} may be told. */
export interface WebrtcOptions
  extends Pick<PeerOptions, "iceServers" | "iceTransportPolicy" | "portRange" | "hostAddresses"> {
  /** The library that makes connections, such as `werift()`. */
  readonly peers: PeerTransport;
}

/** What {@link webrtc} may be told for one publication. */
export interface WebrtcPublishOptions extends PublishOptions {
  /** Codecs, the one liked best first. @defaultValue H.264 and VP8, of those that the hub encodes */
  readonly families?: readonly EncodedVideoFamily[];
  /**
   * Sizes that are sent, the best first. Each is encoded only while somebody watches it.
   *
   * @defaultValue 720 rows at 2 Mbit/s, 480 at 0.8, 270 at 0.3
   */
  readonly renditions?: readonly VideoTier[];
  /**
   * How long viewers hold frames back, in milliseconds: nothing shows them at once, and more hides an uneven road.
   * Null leaves it to the viewer, which costs about 20 ms and keeps sound and pictures together.
   *
   * @defaultValue `{ min: 0, max: 0 }` for who watches without sound, else null
   */
  readonly playoutDelayMs?: { readonly min: number; readonly max: number } | null;
  /** Who may come in; `token` is what stands after `Bearer`. @defaultValue everybody */
  readonly authorize?: (
    request: IncomingMessage,
    token: string | undefined,
  ) => boolean | Promise<boolean>;
  /** STUN and TURN servers that viewers are told of, in `Link` headers. @defaultValue none */
  readonly viewerIceServers?:
    | readonly IceServer[]
    | ((request: IncomingMessage) => readonly IceServer[]);
}

/** A stream that viewers come to over WebRTC. */
export interface WebrtcPublication extends Publication {
  readonly viewers$: Observable<readonly WebrtcViewer[]>;
  /** Who watches now. */
  readonly sessions: readonly WebrtcViewer[];
}

/** Packets of all viewers that wait for their time. */
const ticks = createTicks();
const TICK_MS = 100;
/** A turn to join lasts until the viewer is connected; one that does not come on must not hold up the others. */
const TURN_MS = 1_000;

/**
 * Pictures and sound over WebRTC, by WHEP: encoded and cut into packets once for all viewers, encrypted for each.
 *
 * @example
 * ```ts
 * import { createServer } from "node:http";
 * import { nodeAv } from "@millrace/media/node-av";
 * import { createFrameHub, testPattern } from "@millrace/streaming";
 * import { webrtc } from "@millrace/streaming/webrtc";
 * import { werift } from "@millrace/streaming/werift";
 *
 * const media = nodeAv();
 * const hub = createFrameHub(testPattern(), { video: media.videoEncoder });
 * const publication = webrtc({ peers: werift() }).publish(hub);
 * const server = createServer((request, response) => publication.handle(request, response));
 * server.listen(0, "127.0.0.1");
 * // A player posts its offer to http://…/whep.
 * await publication.close();
 * await hub.close();
 * server.close();
 * await media.close();
 * ```
 * @throws MillraceError INVALID_OPTION when an address of `iceServers` is none, or when `iceTransportPolicy` is `"relay"`
 *   and none of them is a TURN server that the library can speak to
 */
export function webrtc(options: WebrtcOptions): Transport<WebrtcPublishOptions, WebrtcPublication> {
  checkIce("webrtc", options, options.peers);
  return {
    apiVersion: 1,
    name: "webrtc",
    publish: (hub, publish = {}) => createPublication(hub, options, publish),
  };
}

function createPublication(
  hub: FrameHub,
  { peers, ...network }: WebrtcOptions,
  publish: WebrtcPublishOptions,
): WebrtcPublication {
  const {
    admission = createAdmission(),
    renditions = DEFAULT_TIERS,
    viewerIceServers = [],
  } = publish;
  if (typeof viewerIceServers !== "function") iceUrls(viewerIceServers);
  const clock = createRtpClock();
  const tiers = createVideoTiers(hub, clock, renditions);
  const steering = createTierSteering(renditions);
  const list = createViewerList<WebrtcSession>("webrtc");
  const sessions = new Map<string, WebrtcSession>();
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;
  const peerOptions: Omit<PeerOptions, "playoutDelayMs"> = {
    ...network,
    families:
      publish.families ?? (["h264", "vp8"] as const).filter((one) => hub.families.includes(one)),
    hasAudio: canSound(hub),
  };

  /** Pictures that are shown at once do not wait for their sound. */
  const delayFor = (hearsSound: boolean): PeerOptions["playoutDelayMs"] => {
    if (publish.playoutDelayMs !== undefined) return publish.playoutDelayMs;
    return hearsSound && peerOptions.hasAudio ? null : { min: 0, max: 0 };
  };

  /** What cannot be encoded is said before a connection is made. */
  const requireVideo = (): void => {
    if (hub.hasVideo) hub.video({ family: peerOptions.families[0] ?? "h264" });
  };
  try {
    requireVideo();
  } catch (error) {
    if (MillraceError.is(error) && error.code === "CLOSED") throw error;
  }
  const prepare = async (): Promise<void> => await peers.prepare?.();
  prepare().catch(() => {});

  const join = async (
    signal: AbortSignal,
    connect: () => Promise<Peer>,
    offer?: string,
  ): Promise<WebrtcSession> => {
    if (isClosed) throw new MillraceError("CLOSED", "This stream is over.");
    requireVideo();
    const giveBack = seat();
    let endTurn: (() => void) | undefined;
    try {
      endTurn = await admission.takeTurn(signal);
      const peer = await connect();
      const session = createSession({
        peer,
        hub,
        tiers,
        clock,
        ticks,
        tickMs: TICK_MS,
        canRestart: peers.capabilities.iceRestart,
        offer,
      });
      sessions.set(session.id, session);
      list.add(session);
      if (sessions.size === 1) timer = setInterval(tick, TICK_MS);
      session.closed$.subscribe(() => {
        sessions.delete(session.id);
        list.remove(session);
        giveBack();
        if (sessions.size === 0) clearInterval(timer);
      });
      endAtConnection(session, endTurn);
      // It was closed while this one was being answered.
      if (isClosed || signal.aborted) session.close("the stream is over");
      return session;
    } catch (error) {
      endTurn?.();
      giveBack();
      if (isFull(error)) list.refused();
      throw error;
    }
  };
  const seat = (): (() => void) => {
    try {
      return admission.takeSeat();
    } catch (error) {
      list.refused();
      throw error;
    }
  };
  const tick = (): void => {
    const nowMs = performance.now();
    for (const session of [...sessions.values()]) session.tick(nowMs);
    const steered = [...sessions.values()].flatMap((session) => session.steered ?? []);
    steering.steer(steered, nowMs);
  };
  const handle = createSignalling({
    open: async (offer, signal) =>
      await join(
        signal,
        async () =>
          await peers.answer(offer, {
            ...peerOptions,
            playoutDelayMs: delayFor(readDescription(offer).hasAudio),
          }),
        offer,
      ),
    counterOffer: async (signal) =>
      await join(
        signal,
        async () =>
          await peers.offer({ ...peerOptions, playoutDelayMs: delayFor(peerOptions.hasAudio) }),
      ),
    find: (id) => sessions.get(id),
    iceServersFor: (request) =>
      typeof viewerIceServers === "function" ? viewerIceServers(request) : viewerIceServers,
    origins: pageOrigins("webrtc", publish.allowedOrigins),
    authorize: publish.authorize,
  });
  const close = async (): Promise<void> => {
    isClosed = true;
    const left = [...sessions.values()];
    list.close("the stream is over");
    await Promise.all(left.map((session) => session.ended()));
  };
  return {
    transport: "webrtc",
    handle,
    get sessions() {
      return [...sessions.values()];
    },
    viewers$: list.viewers$,
    stats$: list.stats$,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function endAtConnection(session: WebrtcSession, endTurn: () => void): void {
  const timer = setTimeout(endTurn, TURN_MS);
  const end = (): void => {
    clearTimeout(timer);
    endTurn();
  };
  session.peer.state$.subscribe({
    next: (state) => state === "connected" && end(),
    complete: end,
  });
}

function isFull(error: unknown): boolean {
  return MillraceError.is(error) && error.code === "LIMIT_EXCEEDED";
}
