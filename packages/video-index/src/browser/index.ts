/**
 * Frames of a video in a page: the index and the numbers of the server, decoded by the browser. Needs no module of Node.
 *
 * @packageDocumentation
 */
export type { Exactness } from "../access/stored-frame.ts";
export type { ByteSource, ReadOptions } from "../bytes/byte-source.ts";
export { type HttpBytesOptions, httpBytes } from "../bytes/http-bytes.ts";
export type { PacketTable } from "../container/packet-table.ts";
export type { ContainerName, PacketFraming, VideoTrack } from "../container/video-track.ts";
export { decodeIndex, encodeIndex, type PortableIndex } from "../index/index-bytes.ts";
export type { TimeRule, VideoIndex } from "../index/video-index.ts";
export type {
  FrameInfo,
  FrameRange,
  FrameRequest,
  StillFrame,
  StillRequest,
  Video,
  VideoInfo,
  VideoStats,
  VideoTiming,
} from "../video.ts";
export type { BrowserFrame } from "./browser-frame.ts";
export type { BrowserRawFrame, BrowserVideo, DrawnFrame } from "./browser-video.ts";
export { copyPixels } from "./copy-pixels.ts";
export type { DrawingCanvas, DrawingContext } from "./drawing-surface.ts";
export { type OpenBrowserVideoOptions, openVideo } from "./open-video.ts";
export type { StillUrl, WantedStill } from "./still-store.ts";
export { type WebCodecsDecoderOptions, webCodecsDecoder } from "./web-codecs-decoder.ts";
export type {
  HardwareAcceleration,
  NativeImageBitmap,
  NativeVideoFrame,
  WebChunkClass,
  WebCodecsLibrary,
  WebDecoderConfig,
  WebImageBitmap,
  WebRect,
  WebVideoDecoder,
  WebVideoDecoderClass,
  WebVideoFrame,
  WebVideoFrameClass,
} from "./web-codecs-library.ts";
