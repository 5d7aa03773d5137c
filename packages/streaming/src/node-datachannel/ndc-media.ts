import { randomInt, randomUUID } from "node:crypto";
import type { EncodedVideoFamily } from "@millrace/media";
import type { PeerOptions, PeerSender } from "../webrtc/peer-transport.ts";
import { EXTENSION_URI, type HeaderExtensions } from "../webrtc/rtp/header-extensions.ts";
import { createRtpStream } from "../webrtc/rtp/rtp-stream.ts";
import type { OfferedCodec, OfferedMedia } from "../webrtc/sdp/offered-media.ts";
import type {
  NdcConnection,
  NdcDirection,
  NdcTrack,
  NodeDataChannelLibrary,
} from "./node-datachannel-library.ts";

/** A media section of ours. */
export interface NdcSection {
  readonly kind: "video" | "audio";
  readonly track: NdcTrack;
  readonly sender: PeerSender | undefined;
  readonly codec: EncodedVideoFamily | "opus";
  readonly receives: boolean;
}

/** How a section of ours is made. */
export interface NdcSectionOptions {
  readonly kind: "video" | "audio";
  readonly mid: string;
  readonly family: EncodedVideoFamily | "opus";
  readonly codec: OfferedCodec;
  readonly extensions: OfferedMedia["extensions"];
  readonly sends: boolean;
  readonly receives: boolean;
  readonly playoutDelayMs: PeerOptions["playoutDelayMs"];
  readonly nextTransportSequence: () => number;
  /** Name of the stream that all sections are of, so that a browser plays them together. */
  readonly stream: string;
}

const CLOCK_RATE = { video: 90_000, audio: 48_000 } as const;
const OPUS_PARAMETERS = "minptime=10;useinbandfec=1";
const FEEDBACK = ["nack", "nack pli", "ccm fir", "goog-remb"];

/** As large as packets of UDP can be. */
const room = Buffer.allocUnsafeSlow(65_536);
let view = room;
/**
 * Memory for a packet, the same for all: the library copies what it is given. What is taken anew for each counts as
 * V8's, which collected all garbage more than once a second with 50 viewers.
 */
function packetMemory(byteLength: number): Buffer {
  if (view.length !== byteLength) view = room.subarray(0, byteLength);
  return view;
}

/**
 * Adds a section to a connection. RTP is written here, past the library's packetisers: so it can be told of packets one
 * by one, which the library has no word for.
 */
export function addSection(
  library: NodeDataChannelLibrary,
  connection: NdcConnection,
  options: NdcSectionOptions,
): NdcSection {
  const { kind, mid, family, codec, extensions, sends, receives } = options;
  const direction: NdcDirection = sends ? (receives ? "SendRecv" : "SendOnly") : "RecvOnly";
  const media = new library[kind === "video" ? "Video" : "Audio"](mid, direction);
  const { payloadType, rtxPayloadType, parameters } = codec;
  if (family === "opus") media.addOpusCodec?.(payloadType, parameters || OPUS_PARAMETERS);
  else if (family === "h264") media.addH264Codec?.(payloadType, parameters);
  else media.addVP8Codec?.(payloadType);
  const clockRate = CLOCK_RATE[kind];
  if (rtxPayloadType !== undefined) media.addRTXCodec(rtxPayloadType, payloadType, clockRate);
  if (kind === "video") {
    // The library tells a sender nothing of single packets.
    const feedbacks = receives ? FEEDBACK : [...FEEDBACK, "transport-cc"];
    for (const feedback of feedbacks) media.parseSdpLine(`a=rtcp-fb:${payloadType} ${feedback}`);
  }
  for (const name of Object.keys(extensions) as (keyof typeof extensions)[]) {
    media.parseSdpLine(`a=extmap:${extensions[name]} ${EXTENSION_URI[name]}`);
  }
  const ssrc = 1 + randomInt(2 ** 32 - 2);
  const rtxSsrc = 1 + randomInt(2 ** 32 - 2);
  if (sends) {
    const { stream } = options;
    const name = randomUUID();
    media.addSSRC(ssrc, stream, stream, name);
    if (rtxPayloadType !== undefined) {
      media.addSSRC(rtxSsrc, stream, stream, name);
      media.parseSdpLine(`a=ssrc-group:FID ${ssrc} ${rtxSsrc}`);
    }
  }
  const track = connection.addTrack(media);
  const write = (packet: Buffer): void => {
    if (track.isOpen()) track.sendMessageBinary(packet);
  };
  const sender = sends
    ? createRtpStream({
        codec: family,
        ssrc,
        payloadType,
        ...(rtxPayloadType !== undefined && {
          rtx: { ssrc: rtxSsrc, payloadType: rtxPayloadType },
        }),
        extensions: agreed(options),
        tailBytes: 0,
        allocate: packetMemory,
        nextTransportSequence: options.nextTransportSequence,
        write,
        writeRtcp: write,
      })
    : undefined;
  if (receives) track.setMediaHandler(new library.RtcpReceivingSession());
  return { kind, track, sender, codec: family, receives };
}

function agreed({ mid, extensions, playoutDelayMs }: NdcSectionOptions): HeaderExtensions {
  const { mid: midId, transportSequence, playoutDelay } = extensions;
  return {
    ...(midId !== undefined && { mid: { id: midId, value: mid } }),
    ...(transportSequence !== undefined && { transportSequence: { id: transportSequence } }),
    ...(playoutDelay !== undefined &&
      playoutDelayMs && {
        playoutDelay: {
          id: playoutDelay,
          minMs: playoutDelayMs.min,
          maxMs: playoutDelayMs.max,
        },
      }),
  };
}
