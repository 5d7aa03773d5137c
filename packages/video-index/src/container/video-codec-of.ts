import type { VideoCodec } from "@millrace/media";

const CODECS: Readonly<Record<string, VideoCodec>> = {
  H264: "h264",
  X264: "h264",
  AVC1: "h264",
  DAVC: "h264",
  HEVC: "hevc",
  H265: "hevc",
  XVID: "mpeg4",
  DIVX: "mpeg4",
  DX50: "mpeg4",
  FMP4: "mpeg4",
  MP4V: "mpeg4",
  MJPG: "mjpeg",
  MPG2: "mpeg2video",
  VP80: "vp8",
  VP90: "vp9",
  AV01: "av1",
};

/** The codec behind the four characters that AVI files, and Matroska files in their manner, name it by. */
export function videoCodecOf(fourCharacters: string): VideoCodec | undefined {
  return CODECS[fourCharacters.toUpperCase()];
}
