import { setTimeout as sleep } from "node:timers/promises";
import { MillraceError } from "@millrace/core";
import type { EncodedVideoFamily } from "@millrace/media";
import { BehaviorSubject, firstValueFrom, type Observable } from "rxjs";
import type { FrameHub } from "../../hub/frame-hub.ts";
import type { ViewerStats } from "../../viewers/viewer.ts";
import { checkIce, readableServers } from "../ice-server.ts";
import type { IceServer, PeerOptions, PeerTransport } from "../peer-transport.ts";
import { canSound } from "../session/can-sound.ts";
import { createRtpClock } from "../session/rtp-clock.ts";
import { createTierSteering } from "../session/tier-steering.ts";
import { createVideoTiers, type VideoTier } from "../session/video-tiers.ts";
import { createSession, type WebrtcSession } from "../session/webrtc-viewer.ts";
import { readIceLinks } from "../signalling/ice-link.ts";
import { createTicks } from "../ticks.ts";

/** What {@link publishWhip} must be told. */
export interface PublishWhipOptions
  extends Pick<PeerOptions, "iceServers" | "iceTransportPolicy" | "portRange" | "hostAddresses"> {
  /** Where the server takes streams. */
  readonly url: string | URL;
  /** Sent as `Bearer`, also to where the server sends us on. */
  readonly token?: string;
  /** The library that makes connections, such as `werift()`. */
  readonly peers: PeerTransport;
  /** Codecs that are offered, the one liked best first. @defaultValue H.264 and VP8, of those that the hub encodes */
  readonly families?: readonly EncodedVideoFamily[];
  /** What is sent; its bitrate is the most. @defaultValue 720 rows at 2 Mbit/s */
  readonly rendition?: VideoTier;
}

/** How far a {@link WhipPublication} has come. */
export type WhipPublicationState = "connecting" | "live" | "waiting" | "closed";

/** Our stream on its way to a server. */
export interface WhipPublication extends AsyncDisposable {
  /** `"waiting"` is between two tries. Gives the present state at once. */
  readonly state$: Observable<WhipPublicationState>;
  /** Why the last try or connection ended; undefined before one has. */
  readonly lastFailure: unknown;
  /** How the connection is doing; undefined before there has been one. */
  stats(): ViewerStats | undefined;
  /** Ends it at the server too. Closing twice does nothing. */
  close(): Promise<void>;
}

const DEFAULT_RENDITION: VideoTier = { height: 720, bitrate: 2_000_000 };
const TICK_MS = 250;
const FIRST_WAIT_MS = 1_000;
const MOST_WAIT_MS = 30_000;
const REQUEST_LIMIT_MS = 10_000;
const MOST_REDIRECTS = 5;

/**
 * Publishes a stream to a server by WHIP (RFC 9725), such as MediaMTX or LiveKit, which serves more viewers than one
 * process can. Goes on trying until it is closed.
 *
 * @throws MillraceError INVALID_OPTION when an address is none, and as `webrtc`
 */
export function publishWhip(hub: FrameHub, options: PublishWhipOptions): WhipPublication {
  if (!URL.canParse(String(options.url))) {
    throw new MillraceError("INVALID_OPTION", "publishWhip: url is no address of a server.");
  }
  const { peers, rendition = DEFAULT_RENDITION } = options;
  checkIce("publishWhip", options, peers);
  const families =
    options.families ?? (["h264", "vp8"] as const).filter((one) => hub.families.includes(one));
  const state$ = new BehaviorSubject<WhipPublicationState>("connecting");
  const closing = new AbortController();
  const clock = createRtpClock();
  const tiers = createVideoTiers(hub, clock, [rendition]);
  const steering = createTierSteering([rendition]);
  const ticks = createTicks();
  let iceServers = options.iceServers ?? [];
  let current: WebrtcSession | undefined;
  let lastFailure: unknown;

  /** One connection, from its offer to its end; says whether it had been live. */
  const once = async (): Promise<boolean> => {
    const peer = await peers.offer({
      ...options,
      iceServers,
      families,
      hasAudio: canSound(hub),
      playoutDelayMs: null,
    });
    const session = createSession({
      peer,
      hub,
      tiers,
      clock,
      ticks,
      tickMs: TICK_MS,
      canRestart: false,
      offer: undefined,
    });
    current = session;
    let wasLive = false;
    let resource: URL | undefined;
    const ended = firstValueFrom(session.closed$);
    const timer = setInterval(() => {
      session.tick(performance.now());
      steering.steer(session.steered ? [session.steered] : [], performance.now());
    }, TICK_MS);
    peer.state$.subscribe((state) => {
      if (state !== "connected") return;
      wasLive = true;
      state$.next("live");
    });
    const leave = (): void => session.close("it was closed here");
    closing.signal.addEventListener("abort", leave, { once: true });
    try {
      const answer = await post(options, peer.localDescription, closing.signal);
      resource = answer.resource;
      iceServers = merged(options.iceServers ?? [], answer.iceServers);
      await session.acceptAnswer(answer.sdp);
      lastFailure = await ended;
    } finally {
      clearInterval(timer);
      closing.signal.removeEventListener("abort", leave);
      session.close();
      if (resource) await remove(resource, options.token);
    }
    return wasLive;
  };
  const run = async (): Promise<void> => {
    for (let waitMs = FIRST_WAIT_MS; !closing.signal.aborted; ) {
      try {
        if (await once()) waitMs = FIRST_WAIT_MS;
      } catch (error) {
        lastFailure = error;
      }
      if (closing.signal.aborted) break;
      state$.next("waiting");
      // Many that lost their server together must not come back together.
      const spread = waitMs * (0.75 + Math.random() / 2);
      await sleep(spread, undefined, { signal: closing.signal }).catch(() => {});
      waitMs = Math.min(MOST_WAIT_MS, waitMs * 2);
      if (!closing.signal.aborted) state$.next("connecting");
    }
    state$.next("closed");
    state$.complete();
  };
  const running = run();
  const close = async (): Promise<void> => {
    closing.abort();
    await running;
  };
  return {
    state$: state$.asObservable(),
    get lastFailure() {
      return lastFailure;
    },
    stats: () => current?.stats(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function post(
  { url, token }: PublishWhipOptions,
  offer: string,
  closing: AbortSignal,
): Promise<{
  readonly sdp: string;
  readonly resource: URL | undefined;
  readonly iceServers: readonly IceServer[];
}> {
  let target = new URL(url);
  for (let turn = 0; turn <= MOST_REDIRECTS; turn++) {
    const response = await fetch(target, {
      method: "POST",
      redirect: "manual",
      headers: { "content-type": "application/sdp", ...bearer(token) },
      body: offer,
      signal: AbortSignal.any([closing, AbortSignal.timeout(REQUEST_LIMIT_MS)]),
    });
    const location = response.headers.get("location");
    if (response.status === 307 && location !== null) {
      await response.body?.cancel();
      target = new URL(location, target);
      continue;
    }
    const sdp = await response.text();
    if (response.status !== 201) {
      throw new MillraceError(
        "REMOTE_FAILED",
        `publishWhip: ${target.origin} answered ${response.status} to our offer.`,
        { retryable: true },
      );
    }
    return {
      sdp,
      resource: location === null ? undefined : new URL(location, target),
      iceServers: readIceLinks(response.headers.get("link") ?? ""),
    };
  }
  throw new MillraceError("REMOTE_FAILED", "publishWhip: the server sends us on without an end.");
}

/** A server that cannot be reached any more lets go of it by itself. */
async function remove(resource: URL, token: string | undefined): Promise<void> {
  await fetch(resource, {
    method: "DELETE",
    headers: bearer(token),
    signal: AbortSignal.timeout(REQUEST_LIMIT_MS),
  }).catch(() => undefined);
}

function bearer(token: string | undefined): Readonly<Record<string, string>> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

/** What the server names comes into use with the next connection: ours has its candidates by then. */
function merged(ours: readonly IceServer[], told: readonly IceServer[]): readonly IceServer[] {
  return [...ours, ...readableServers(told)];
}
