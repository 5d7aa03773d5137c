import type { IncomingMessage, ServerResponse } from "node:http";
import { MillraceError } from "@millrace/core";
import type { EncodedVideoFamily } from "@millrace/media";
import { BehaviorSubject, type Observable } from "rxjs";
import { pageOrigins } from "../../http/page-origins.ts";
import type { PublishOptions } from "../../transport.ts";
import { type Admission, createAdmission } from "../../viewers/admission.ts";
import { checkIce } from "../ice-server.ts";
import type { PeerOptions, PeerTransport } from "../peer-transport.ts";
import { createSignalling } from "../signalling/signalling.ts";
import { createWhipSession, type WhipPublisher, type WhipSession } from "./whip-publisher.ts";

/** What {@link createWhipIngest} may be told. */
export interface WhipIngestOptions
  extends Pick<PeerOptions, "iceServers" | "iceTransportPolicy" | "portRange" | "hostAddresses"> {
  /** The library that makes connections, such as `werift()`. */
  readonly peers: PeerTransport;
  /** Codecs that are taken, the one liked best first. @defaultValue H.264, VP8 */
  readonly families?: readonly EncodedVideoFamily[];
  /** How many may publish, and join, at once. @defaultValue its own, for 16 */
  readonly admission?: Admission;
  /** Who may publish; `token` is what stands after `Bearer`. @defaultValue everybody */
  readonly authorize?: (
    request: IncomingMessage,
    token: string | undefined,
  ) => boolean | Promise<boolean>;
  /** Origins of other pages that may publish, as of {@link PublishOptions.allowedOrigins}. @defaultValue none */
  readonly allowedOrigins?: PublishOptions["allowedOrigins"];
}

/** A door for streams that come to us. */
export interface WhipIngest extends AsyncDisposable {
  /** Answers a request of WHIP, whatever becomes of it; `path` is what comes after the address of the ingest. */
  handle(request: IncomingMessage, response: ServerResponse, path?: string): Promise<void>;
  /** Who publishes now; gives the present ones at once, then at every coming and going. */
  readonly publishers$: Observable<readonly WhipPublisher[]>;
  /** Sends everybody away. Closing twice does nothing. */
  close(): Promise<void>;
}

const TICK_MS = 250;
const MOST_PUBLISHERS = 16;

/**
 * Takes streams from those who publish by WHIP (RFC 9725).
 *
 * @example
 * ```ts
 * import { createServer } from "node:http";
 * import { createWhipIngest } from "@millrace/streaming/webrtc";
 * import { werift } from "@millrace/streaming/werift";
 *
 * const ingest = createWhipIngest({ peers: werift() });
 * const server = createServer((request, response) => ingest.handle(request, response));
 * server.listen(0, "127.0.0.1");
 * ingest.publishers$.subscribe(([first]) => {
 *   // createFrameHub(first.decode(decoder)) sends its pictures on.
 *   console.log(first?.id);
 * });
 * await ingest.close();
 * server.close();
 * ```
 * @throws MillraceError INVALID_OPTION as `webrtc`
 */
export function createWhipIngest(options: WhipIngestOptions): WhipIngest {
  const { peers, admission = createAdmission({ maxViewers: MOST_PUBLISHERS }) } = options;
  const { families = ["h264", "vp8"], authorize, allowedOrigins } = options;
  checkIce("createWhipIngest", options, peers);
  const sessions = new Map<string, WhipSession>();
  const publishers$ = new BehaviorSubject<readonly WhipPublisher[]>([]);
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;
  const tell = (): void => publishers$.next([...sessions.values()]);

  const open = async (offer: string, signal: AbortSignal): Promise<WhipSession> => {
    if (isClosed) throw new MillraceError("CLOSED", "Nothing is taken here any more.");
    const giveBack = admission.takeSeat();
    let endTurn: (() => void) | undefined;
    try {
      endTurn = await admission.takeTurn(signal);
      const peer = await peers.answer(offer, {
        ...options,
        families,
        hasAudio: false,
        playoutDelayMs: null,
      });
      const session = createWhipSession(peer, offer, peers.capabilities.iceRestart);
      sessions.set(session.id, session);
      if (sessions.size === 1) {
        timer = setInterval(() => {
          const nowMs = performance.now();
          for (const one of [...sessions.values()]) one.tick(nowMs);
        }, TICK_MS);
      }
      session.closed$.subscribe(() => {
        sessions.delete(session.id);
        giveBack();
        if (sessions.size === 0) clearInterval(timer);
        tell();
      });
      tell();
      if (isClosed || signal.aborted) session.close("nothing is taken here any more");
      return session;
    } catch (error) {
      giveBack();
      throw error;
    } finally {
      endTurn?.();
    }
  };
  const close = async (): Promise<void> => {
    isClosed = true;
    for (const session of [...sessions.values()]) session.close("nothing is taken here any more");
    publishers$.complete();
  };
  return {
    handle: createSignalling({
      open,
      find: (id) => sessions.get(id),
      iceServersFor: () => [],
      origins: pageOrigins("createWhipIngest", allowedOrigins),
      authorize,
    }),
    publishers$: publishers$.asObservable(),
    close,
    [Symbol.asyncDispose]: close,
  };
}
