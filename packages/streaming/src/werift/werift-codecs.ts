import type { PeerOptions } from "../webrtc/peer-transport.ts";
import { EXTENSION_URI } from "../webrtc/rtp/header-extensions.ts";
import { weriftIceServers } from "./werift-ice-servers.ts";
import type { WeriftLibrary } from "./werift-library.ts";

const FEEDBACK = [
  { type: "nack" },
  { type: "nack", parameter: "pli" },
  { type: "ccm", parameter: "fir" },
  { type: "goog-remb" },
];
const PACKET_FEEDBACK = { type: "transport-cc" };
const VIDEO = {
  // Constrained baseline: what every browser takes.
  h264: {
    mimeType: "video/H264",
    payloadType: 102,
    parameters: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
  },
  vp8: { mimeType: "video/VP8", payloadType: 96, parameters: "" },
} as const;
const OPUS = 111;

/**
 * What a connection of werift is made with, so that it agrees to what we send.
 *
 * @param receivesVideo - whether the other side sends pictures
 */
export function weriftConfig(
  { RTCRtpCodecParameters, RTCRtpHeaderExtensionParameters }: WeriftLibrary,
  { families, iceServers, iceTransportPolicy = "all", portRange, ...options }: PeerOptions,
  receivesVideo: boolean,
): object {
  // werift tells a sender of packets one by one, but not of repetitions, which a sender takes for lost for good.
  const rtcpFeedback = receivesVideo ? FEEDBACK : [...FEEDBACK, PACKET_FEEDBACK];
  const video = families.flatMap((family) => {
    const { mimeType, payloadType, parameters } = VIDEO[family];
    return [
      new RTCRtpCodecParameters({
        mimeType,
        clockRate: 90_000,
        payloadType,
        ...(parameters && { parameters }),
        rtcpFeedback,
      }),
      new RTCRtpCodecParameters({
        mimeType: "video/rtx",
        clockRate: 90_000,
        payloadType: payloadType + 1,
        parameters: `apt=${payloadType}`,
        rtcpFeedback: [],
      }),
    ];
  });
  const audio = [
    new RTCRtpCodecParameters({
      mimeType: "audio/opus",
      clockRate: 48_000,
      channels: 2,
      payloadType: OPUS,
      parameters: "minptime=10;useinbandfec=1",
      rtcpFeedback: [],
    }),
  ];
  // One extension has one number in all sections that share a transport.
  const extension = (name: keyof typeof EXTENSION_URI): object =>
    new RTCRtpHeaderExtensionParameters({
      uri: EXTENSION_URI[name],
      id: Object.keys(EXTENSION_URI).indexOf(name) + 1,
    });
  return {
    codecs: { video, audio },
    headerExtensions: {
      video: [
        extension("mid"),
        ...(receivesVideo ? [] : [extension("transportSequence")]),
        ...(options.playoutDelayMs ? [extension("playoutDelay")] : []),
      ],
      audio: [extension("mid")],
    },
    iceServers: weriftIceServers(iceServers),
    iceTransportPolicy,
    iceUseIpv6: false,
    bundlePolicy: "max-bundle",
    ...(portRange && { icePortRange: [...portRange] }),
    ...(options.hostAddresses && { iceAdditionalHostAddresses: [...options.hostAddresses] }),
  };
}
