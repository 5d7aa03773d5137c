/**
 * An index of every frame of a video, and exact access to any of them.
 *
 * @packageDocumentation
 */
export type { ByteCacheStats } from "./access/byte-cache.ts";
export type { Exactness } from "./access/stored-frame.ts";
export type { ByteSource, ReadOptions } from "./bytes/byte-source.ts";
export { fileBytes } from "./bytes/file-bytes.ts";
export { type HttpBytesOptions, httpBytes } from "./bytes/http-bytes.ts";
export { memoryBytes } from "./bytes/memory-bytes.ts";
export type { PacketTable } from "./container/packet-table.ts";
export { readContainer } from "./container/read-container.ts";
export type {
  ContainerContents,
  ContainerName,
  PacketFraming,
  VideoTrack,
} from "./container/video-track.ts";
export type { FfprobePacket, FrameMapping, FrameMappings } from "./index/import-mappings.ts";
export { decodeIndex, encodeIndex, type PortableIndex } from "./index/index-bytes.ts";
export { fingerprintOf } from "./index/index-keeper.ts";
export { findFrame, type TimeRule, type VideoIndex, videoIndex } from "./index/video-index.ts";
export { type PlayedFrame, type PlayVideoOptions, playVideo } from "./live/play-video.ts";
export { type OpenVideoOptions, openVideo } from "./open-video.ts";
export type {
  FrameInfo,
  FrameRange,
  FrameRequest,
  RawFrame,
  StillFrame,
  StillRequest,
  Video,
  VideoInfo,
  VideoStats,
  VideoTiming,
} from "./video.ts";
export {
  createVideoLibrary,
  type OpenOptions,
  type VideoLibrary,
  type VideoLibraryOptions,
} from "./video-library.ts";
