/**
 * Pictures, encoded video, sound and data over one WebSocket, acknowledged frame by frame.
 *
 * @packageDocumentation
 */
export {
  FRAME_HEADER_BYTES,
  type FrameHeader,
  type FrameKind,
  readFrameMessage,
  writeFrameMessage,
} from "../messages/frame-message.ts";
export type {
  DataMessage,
  HelloMessage,
  ServerMessage,
  SocketCodec,
  SocketSound,
  SocketWishes,
  SoundMessage,
  VideoMessage,
  ViewerMessage,
} from "../messages/socket-messages.ts";
export type { SocketRung } from "./choose-renditions.ts";
export {
  type WebsocketOptions,
  type WebsocketPublication,
  type WebsocketPublishOptions,
  websocket,
} from "./websocket.ts";
export type { WsLibrary, WsServer, WsSocket } from "./ws-library.ts";
