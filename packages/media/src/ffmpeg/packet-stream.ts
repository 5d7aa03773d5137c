import type { Rational } from "../rational.ts";
import type { VideoCodec, VideoDecoderConfig } from "../video/codec.ts";
import type { EncodedVideoChunk } from "../video/encoded-video-chunk.ts";
import { element, openElement, unsigned } from "./ebml.ts";

/** Codec names of Matroska. */
const CODEC_IDS: Readonly<Record<VideoCodec, string>> = {
  h264: "V_MPEG4/ISO/AVC",
  hevc: "V_MPEGH/ISO/HEVC",
  vp8: "V_VP8",
  vp9: "V_VP9",
  av1: "V_AV1",
  mpeg4: "V_MPEG4/ISO/ASP",
  mjpeg: "V_MJPEG",
  prores: "V_PRORES",
  mpeg2video: "V_MPEG2",
};

/**
 * The beginning of a live Matroska stream (RFC 9559) with one video track, whose timestamps are ticks of
 * `timeBase`: FFmpeg reads them as they are, whatever a tick lasts.
 */
export function packetStreamHeader(config: VideoDecoderConfig, { num, den }: Rational): Buffer {
  const text = (value: string): Buffer => Buffer.from(value, "latin1");
  const privateBytes =
    config.family === "prores" ? text(config.codec.slice(0, 4)) : config.description;
  const nanoseconds = Math.max(1, Math.round((1e9 * num) / den));
  return Buffer.concat([
    element(
      0x1a45dfa3, // EBML
      element(0x4282, text("matroska")), // DocType
      element(0x4287, unsigned(4)), // DocTypeVersion
      element(0x4285, unsigned(2)), // DocTypeReadVersion
    ),
    openElement(0x18538067), // Segment
    element(
      0x1549a966, // Info
      element(0x2ad7b1, unsigned(nanoseconds)), // TimestampScale
      element(0x4d80, text("millrace")), // MuxingApp
      element(0x5741, text("millrace")), // WritingApp
    ),
    element(
      0x1654ae6b, // Tracks
      element(
        0xae, // TrackEntry
        element(0xd7, unsigned(1)), // TrackNumber
        element(0x73c5, unsigned(1)), // TrackUID
        element(0x83, unsigned(1)), // TrackType: video
        element(0x9c, unsigned(0)), // FlagLacing
        element(0x86, text(CODEC_IDS[config.family])), // CodecID
        ...(privateBytes ? [element(0x63a2, privateBytes)] : []), // CodecPrivate
        element(
          0xe0, // Video
          element(0xb0, unsigned(config.codedWidth)), // PixelWidth
          element(0xba, unsigned(config.codedHeight)), // PixelHeight
        ),
      ),
    ),
  ]);
}

const KEYFRAME = 0x80;

/** One packet, in a cluster of its own: a block's own time has 16 bits, a cluster's 64. */
export function packetBytes({ type, data }: EncodedVideoChunk, ticks: number): Buffer {
  const block = Buffer.from([0x81, 0, 0, type === "key" ? KEYFRAME : 0]);
  return element(
    0x1f43b675, // Cluster
    element(0xe7, unsigned(ticks)), // Timestamp
    element(0xa3, block, data), // SimpleBlock
  );
}
