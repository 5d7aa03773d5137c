/**
 * WebRTC: WHEP and WHIP, one encoding for many viewers, rate control by what each road carries.
 *
 * @packageDocumentation
 */
export type {
  IceServer,
  Peer,
  PeerChannel,
  PeerOptions,
  PeerReceiver,
  PeerReport,
  PeerSender,
  PeerState,
  PeerTransport,
  RtpPayload,
  SentNumbers,
} from "./peer-transport.ts";
export type { SdpFragment } from "./sdp/sdp-fragment.ts";
export type { VideoTier } from "./session/video-tiers.ts";
export type { WebrtcViewer } from "./session/webrtc-viewer.ts";
export type { PacketFeedback, TransportFeedback } from "./transport-feedback.ts";
export {
  type WebrtcOptions,
  type WebrtcPublication,
  type WebrtcPublishOptions,
  webrtc,
} from "./webrtc.ts";
