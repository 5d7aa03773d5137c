import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { MillraceError } from "@millrace/core";
import { gatherLimitMs } from "../webrtc/ice-server.ts";
import type { Peer, PeerOptions, PeerTransport } from "../webrtc/peer-transport.ts";
import { agreedFamily } from "../webrtc/sdp/agreed-family.ts";
import { sendsVideo } from "../webrtc/sdp/offered-media.ts";
import { weriftConfig } from "./werift-codecs.ts";
import { TURN, weriftIceServers } from "./werift-ice-servers.ts";
import { loadWeriftLibrary, type WeriftConnection, type WeriftLibrary } from "./werift-library.ts";
import { weriftPeer } from "./werift-peer.ts";

/** What {@link werift} may be told. */
export interface WeriftOptions {
  /** The library. @defaultValue the package `werift`, which the application installs */
  readonly lib?: WeriftLibrary;
}

/**
 * WebRTC without native code, by the package werift. ICE, DTLS and channels are its own; RTP, SRTP and what viewers
 * report are read and written here, as they must be fast and right.
 *
 * @example
 * ```ts
 * import { createFrameHub, testPattern } from "@millrace/streaming";
 * import { webrtc } from "@millrace/streaming/webrtc";
 * import { werift } from "@millrace/streaming/werift";
 *
 * const hub = createFrameHub(testPattern());
 * const publication = webrtc({ peers: werift() }).publish(hub);
 * await publication.close();
 * await hub.close();
 * ```
 */
export function werift(options: WeriftOptions = {}): PeerTransport {
  let loading: Promise<WeriftLibrary> | undefined;
  const load = async (): Promise<WeriftLibrary> => {
    loading ??= options.lib ? Promise.resolve(options.lib) : loadWeriftLibrary();
    return await loading;
  };
  return {
    apiVersion: 1,
    name: "werift",
    capabilities: {
      feedback: true,
      receive: true,
      channels: true,
      iceRestart: true,
      relayOnly: true,
      turn: TURN,
    },
    async prepare() {
      await load();
    },
    async answer(offer, peer) {
      const family = agreedFamily(offer, peer.families);
      const one = { ...peer, families: family === undefined ? [] : [family] };
      return await open(await load(), one, offer, async (connection, library) => {
        await connection.setRemoteDescription({ type: "offer", sdp: offer });
        // One name for all: a browser plays only what is of one stream together.
        const stream = randomUUID();
        for (const transceiver of connection.getTransceivers()) {
          // As it looks from here.
          const { kind, offerDirection } = transceiver;
          const sends = offerDirection.includes("send") && (kind === "video" || peer.hasAudio);
          const receives = offerDirection.includes("recv");
          // Only one who has something to send names a stream in the description.
          if (sends) {
            await transceiver.sender.replaceTrack(new library.MediaStreamTrack({ kind }));
            transceiver.sender.streamIds = [stream];
          }
          transceiver.setDirection(
            sends ? (receives ? "sendrecv" : "sendonly") : receives ? "recvonly" : "inactive",
          );
        }
        boundGathering(connection, peer);
        if (mayBeServer(offer)) {
          // By itself it begins always, also where the other side says that it does; and then only after a tenth of a
          // second.
          for (const transport of connection.dtlsTransports) transport.role = "server";
        }
        await connection.setLocalDescription(await connection.createAnswer());
      });
    },
    async offer(peer) {
      return await open(await load(), peer, undefined, async (connection, library) => {
        const stream = randomUUID();
        const kinds = peer.hasAudio ? (["video", "audio"] as const) : (["video"] as const);
        for (const kind of kinds) {
          const transceiver = connection.addTransceiver(new library.MediaStreamTrack({ kind }), {
            direction: "sendonly",
          });
          transceiver.sender.streamIds = [stream];
        }
        const description = await connection.createOffer();
        boundGathering(connection, peer);
        await connection.setLocalDescription(description);
      });
    },
  };
}

/** Whether who offers begins the handshake of DTLS, or leaves open which side does (RFC 8842). */
function mayBeServer(offer: string): boolean {
  const roles = offer.match(/^a=setup:\w+/gm) ?? [];
  return roles.length > 0 && roles.every((role) => /:act(pass|ive)$/.test(role));
}

/**
 * Where no STUN server is named, werift asks one of Google's; and it waits for each server, five seconds for STUN and
 * more for TURN where they cannot be reached.
 */
function boundGathering(connection: WeriftConnection, options: PeerOptions): void {
  const servers = weriftIceServers(options.iceServers);
  const asksNobody = servers.every(({ urls }) => !urls.startsWith("stun:"));
  for (const { iceTransport } of connection.dtlsTransports) {
    const ice = iceTransport.connection;
    if (asksNobody) ice.stunServer = undefined;
    const gather = ice.gatherCandidates.bind(ice);
    const close = ice.close.bind(ice);
    let isClosed = false;
    ice.close = async () => {
      isClosed = true;
      await close();
    };
    const gatherAll = async (): Promise<void> => {
      await gather();
      // A server may answer when the viewer has gone, and its socket would stay open.
      if (isClosed) await close();
    };
    ice.gatherCandidates = async () => {
      const limit = new AbortController();
      const late = sleep(gatherLimitMs(options), undefined, { signal: limit.signal }).catch(
        () => {},
      );
      await Promise.race([gatherAll(), late]);
      limit.abort();
    };
  }
}

/** A connection that cannot be agreed on is closed before the error goes on: it holds sockets. */
async function open(
  library: WeriftLibrary,
  options: PeerOptions,
  offer: string | undefined,
  agree: (connection: WeriftConnection, library: WeriftLibrary) => Promise<void>,
): Promise<Peer> {
  const connection = new library.RTCPeerConnection(
    weriftConfig(library, options, offer !== undefined && sendsVideo(offer)),
  );
  try {
    const peer = weriftPeer(connection, options, offer);
    await agree(connection, library);
    peer.begin();
    return peer;
  } catch (cause) {
    await connection.close();
    if (offer === undefined) throw cause;
    throw new MillraceError("CORRUPT_INPUT", "The offer cannot be answered.", { cause });
  }
}
