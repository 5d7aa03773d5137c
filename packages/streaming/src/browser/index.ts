/**
 * Plays what the transports send, in a page: needs no framework and no module of Node.
 *
 * @packageDocumentation
 */

export type { IceServer } from "../webrtc/peer-transport.ts";
export {
  type DrawDetectionsOptions,
  type DrawnDetection,
  drawDetections,
} from "./draw-detections.ts";
export type {
  PageAudio,
  PageCanvas,
  PageContext,
  PageFrameMetadata,
  PageImage,
  PageSoundBuffer,
  PageSoundSource,
  PageVideo,
} from "./page.ts";
export { type PlayMjpegOptions, playMjpeg } from "./play-mjpeg.ts";
export { type PlayWebRtcOptions, playWebRtc } from "./play-web-rtc.ts";
export { type PlayWebSocketOptions, playWebSocket } from "./play-web-socket.ts";
export type { Player, PlayerOptions, PlayerState, PlayerStats, ShownFrame } from "./player.ts";
export { type SupportedTransports, supportedTransports } from "./supported-transports.ts";
