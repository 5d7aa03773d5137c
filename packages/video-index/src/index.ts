/**
 * An index of every frame of a video, and exact access to any of them.
 *
 * @packageDocumentation
 */
export type { ByteSource, ReadOptions } from "./bytes/byte-source.ts";
export { fileBytes } from "./bytes/file-bytes.ts";
export { memoryBytes } from "./bytes/memory-bytes.ts";
export { readMp4 } from "./container/mp4/read-mp4.ts";
export type { PacketTable } from "./container/packet-table.ts";
export type {
  ContainerContents,
  ContainerName,
  PacketFraming,
  VideoTrack,
} from "./container/video-track.ts";
export { type TimeRule, type VideoIndex, videoIndex } from "./index/video-index.ts";
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
