import { randomUUID } from "node:crypto";
import { MillraceError } from "@millrace/core";
import { gatherLimitMs, iceUrls, isSpoken } from "../webrtc/ice-server.ts";
import type { Peer, PeerOptions, PeerTransport } from "../webrtc/peer-transport.ts";
import { agreedFamily } from "../webrtc/sdp/agreed-family.ts";
import { offeredMedia } from "../webrtc/sdp/offered-media.ts";
import { addSection } from "./ndc-media.ts";
import { type NdcPeer, ndcPeer } from "./ndc-peer.ts";
import {
  loadNodeDataChannelLibrary,
  type NdcConnection,
  type NodeDataChannelLibrary,
} from "./node-datachannel-library.ts";

/** What {@link nodeDataChannel} may be told. */
export interface NodeDataChannelOptions {
  /** The library. @defaultValue the package `node-datachannel`, which the application installs */
  readonly lib?: NodeDataChannelLibrary;
}

/** What libjuice beneath it speaks. */
const TURN = ["udp"] as const;
const OFFERED = {
  h264: {
    payloadType: 102,
    parameters: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
  },
  vp8: { payloadType: 96, parameters: "" },
  opus: { payloadType: 111, parameters: "minptime=10;useinbandfec=1" },
} as const;
const EXTENSIONS = { mid: 1, transportSequence: 2, playoutDelay: 3 } as const;

/**
 * WebRTC by libdatachannel, in native code, through the package node-datachannel: 50 viewers take about four fifths of
 * what they take of werift. Connections cannot be made anew over another network; a player opens another session then.
 *
 * @example
 * ```ts
 * import { createFrameHub, testPattern } from "@millrace/streaming";
 * import { nodeDataChannel } from "@millrace/streaming/node-datachannel";
 * import { webrtc } from "@millrace/streaming/webrtc";
 *
 * const hub = createFrameHub(testPattern());
 * const publication = webrtc({ peers: nodeDataChannel() }).publish(hub);
 * await publication.close();
 * await hub.close();
 * ```
 */
export function nodeDataChannel(options: NodeDataChannelOptions = {}): PeerTransport {
  let loading: Promise<NodeDataChannelLibrary> | undefined;
  const load = async (): Promise<NodeDataChannelLibrary> => {
    loading ??= options.lib ? Promise.resolve(options.lib) : loadNodeDataChannelLibrary();
    return await loading;
  };
  return {
    apiVersion: 1,
    name: "node-datachannel",
    capabilities: {
      feedback: true,
      receive: true,
      channels: true,
      iceRestart: false,
      relayOnly: false,
      turn: TURN,
    },
    async prepare() {
      await load();
    },
    async answer(offer, peer) {
      const family = agreedFamily(offer, peer.families);
      const library = await load();
      return await open(library, peer, "answer", (connection, made) => {
        const nextTransportSequence = counter();
        const stream = randomUUID();
        for (const media of offeredMedia(offer)) {
          const { kind, mid, direction, extensions } = media;
          if (kind === "application") continue;
          const spoken = kind === "audio" ? "opus" : family;
          const codec = spoken && media.codec(spoken);
          const wants = direction !== "sendonly" && direction !== "inactive";
          const sends = wants && (kind === "video" || peer.hasAudio);
          const receives = direction === "sendonly" || direction === "sendrecv";
          if (!spoken || !codec || !(sends || receives)) continue;
          const { playoutDelayMs } = peer;
          made.use(
            addSection(library, connection, {
              kind,
              mid,
              family: spoken,
              codec,
              // A viewer that is not told of a delay must not be told that it will be.
              extensions: playoutDelayMs ? extensions : without(extensions, "playoutDelay"),
              sends,
              receives,
              playoutDelayMs,
              nextTransportSequence,
              stream,
            }),
          );
        }
        connection.setRemoteDescription(offer, "offer");
      });
    },
    async offer(peer) {
      const library = await load();
      return await open(library, peer, "offer", (connection, made) => {
        const nextTransportSequence = counter();
        const stream = randomUUID();
        const kinds = peer.hasAudio ? (["video", "audio"] as const) : (["video"] as const);
        for (const [at, kind] of kinds.entries()) {
          const family = kind === "audio" ? "opus" : (peer.families[0] ?? "h264");
          const { payloadType, parameters } = OFFERED[family];
          made.use(
            addSection(library, connection, {
              kind,
              mid: String(at),
              family,
              codec: {
                payloadType,
                parameters,
                rtxPayloadType: kind === "video" ? payloadType + 1 : undefined,
              },
              extensions: kind === "video" ? EXTENSIONS : { mid: EXTENSIONS.mid },
              sends: true,
              receives: false,
              playoutDelayMs: peer.playoutDelayMs,
              nextTransportSequence,
              stream,
            }),
          );
        }
      });
    },
  };
}

async function open(
  library: NodeDataChannelLibrary,
  options: PeerOptions,
  type: "offer" | "answer",
  agree: (connection: NdcConnection, peer: NdcPeer) => void,
): Promise<Peer> {
  const { iceServers = [], iceTransportPolicy = "all", portRange } = options;
  const connection = new library.PeerConnection("millrace", {
    iceServers: iceUrls(iceServers).flatMap((server) => {
      const { kind, transport, host: hostname, port, username, credential } = server;
      if (kind === "stun") return transport === "udp" ? [{ hostname, port }] : [];
      if (!isSpoken(server, TURN)) return [];
      return [{ hostname, port, username, password: credential, relayType: "TurnUdp" as const }];
    }),
    iceTransportPolicy,
    disableAutoNegotiation: true,
    ...(portRange && { portRangeBegin: portRange[0], portRangeEnd: portRange[1] }),
  });
  const peer = ndcPeer(connection);
  try {
    const gathered = gathering(connection, gatherLimitMs(options));
    agree(connection, peer);
    connection.setLocalDescription(type);
    await gathered;
    return peer;
  } catch (cause) {
    await peer.close();
    if (type === "offer" || MillraceError.is(cause)) throw cause;
    throw new MillraceError("CORRUPT_INPUT", "The offer cannot be answered.", { cause });
  }
}

/** Waits for all candidates, but not for a server that does not answer. */
async function gathering(connection: NdcConnection, limitMs: number): Promise<void> {
  await new Promise<void>((done) => {
    const timer = setTimeout(done, limitMs);
    connection.onGatheringStateChange((state) => {
      if (state !== "complete") return;
      clearTimeout(timer);
      done();
    });
  });
}

function counter(): () => number {
  let last = 0;
  return () => {
    last = (last + 1) & 0xffff;
    return last;
  };
}

function without<T extends object, K extends keyof T>(all: T, name: K): Omit<T, K> {
  const { [name]: _, ...rest } = all;
  return rest;
}
