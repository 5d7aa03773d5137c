import type { AudioDecoderConfig } from "../audio/audio-encoder.ts";
import type { VideoCodec, VideoDecoderConfig } from "../video/codec.ts";
import { element, openElement, unsigned } from "./ebml.ts";

/** Codec names of Matroska. */
const VIDEO_CODECS: Readonly<Record<VideoCodec, string>> = {
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
const AUDIO_CODECS = { opus: "A_OPUS", aac: "A_AAC" } as const;

const VIDEO_TRACK = 1;
const AUDIO_TRACK = 2;
const KEYFRAME = 0x80;
/** What RFC 9559 asks for Opus, in nanoseconds. */
const OPUS_PRE_ROLL_NS = 80_000_000;

/** What a Matroska stream begins with. */
export interface MatroskaHeader {
  readonly docType: "matroska" | "webm";
  /** Nanoseconds that a timestamp counts. */
  readonly timestampScaleNs: number;
  readonly video?: VideoDecoderConfig | undefined;
  readonly audio?: AudioDecoderConfig | undefined;
}

/** The beginning of a Matroska stream (RFC 9559) that has no end yet: clusters follow. */
export function matroskaHeader({
  docType,
  timestampScaleNs,
  video,
  audio,
}: MatroskaHeader): Buffer {
  return Buffer.concat([
    element(
      0x1a45dfa3, // EBML
      element(0x4282, text(docType)), // DocType
      element(0x4287, unsigned(4)), // DocTypeVersion
      element(0x4285, unsigned(2)), // DocTypeReadVersion
    ),
    openElement(0x18538067), // Segment
    element(
      0x1549a966, // Info
      element(0x2ad7b1, unsigned(timestampScaleNs)), // TimestampScale
      element(0x4d80, text("millrace")), // MuxingApp
      element(0x5741, text("millrace")), // WritingApp
    ),
    element(
      0x1654ae6b, // Tracks
      ...(video ? [videoEntry(video)] : []),
      ...(audio ? [audioEntry(audio)] : []),
    ),
  ]);
}

/** The beginning of a cluster that ends where the next one begins. */
export function clusterStart(timestamp: number): Buffer {
  return Buffer.concat([openElement(0x1f43b675), element(0xe7, unsigned(timestamp))]);
}

/**
 * A block of a cluster.
 *
 * @param relative - its timestamp less the cluster's, 16 bits with a sign
 */
export function simpleBlock(
  track: "video" | "audio",
  relative: number,
  isKey: boolean,
  data: Uint8Array,
): Buffer {
  const head = Buffer.alloc(4);
  head[0] = 0x80 + (track === "video" ? VIDEO_TRACK : AUDIO_TRACK);
  head.writeInt16BE(relative, 1);
  head[3] = isKey ? KEYFRAME : 0;
  return element(0xa3, head, data);
}

/** One packet in a cluster of its own, whose timestamp has 64 bits. */
export function loneBlock(
  track: "video" | "audio",
  timestamp: number,
  isKey: boolean,
  data: Uint8Array,
): Buffer {
  const block = simpleBlock(track, 0, isKey, data);
  return element(0x1f43b675, element(0xe7, unsigned(timestamp)), block);
}

function videoEntry(config: VideoDecoderConfig): Buffer {
  // Of ProRes, Matroska keeps what a QuickTime file calls it.
  const description =
    config.family === "prores" ? text(config.codec.slice(0, 4)) : config.description;
  return trackEntry(
    VIDEO_TRACK,
    1,
    VIDEO_CODECS[config.family],
    description,
    element(
      0xe0, // Video
      element(0xb0, unsigned(config.codedWidth)), // PixelWidth
      element(0xba, unsigned(config.codedHeight)), // PixelHeight
    ),
  );
}

function audioEntry(config: AudioDecoderConfig): Buffer {
  const { family, sampleRate, numberOfChannels, description } = config;
  const rate = Buffer.alloc(8);
  rate.writeDoubleBE(sampleRate);
  return trackEntry(
    AUDIO_TRACK,
    2,
    AUDIO_CODECS[family],
    description,
    element(
      0xe1, // Audio
      element(0xb5, rate), // SamplingFrequency
      element(0x9f, unsigned(numberOfChannels)), // Channels
    ),
    ...(family === "opus"
      ? [
          element(0x56aa, unsigned(opusDelayNs(description))), // CodecDelay
          element(0x56bb, unsigned(OPUS_PRE_ROLL_NS)), // SeekPreRoll
        ]
      : []),
  );
}

/** Samples of 48 kHz that a decoder throws away at the start, as `OpusHead` has them. */
function opusDelayNs(head: Uint8Array): number {
  const samples = (head[10] ?? 0) + ((head[11] ?? 0) << 8);
  return Math.round((samples * 1e9) / 48_000);
}

function trackEntry(
  number: number,
  type: number,
  codec: string,
  description: Uint8Array | undefined,
  ...more: readonly Uint8Array[]
): Buffer {
  return element(
    0xae, // TrackEntry
    element(0xd7, unsigned(number)), // TrackNumber
    element(0x73c5, unsigned(number)), // TrackUID
    element(0x83, unsigned(type)), // TrackType
    element(0x9c, unsigned(0)), // FlagLacing
    element(0x86, text(codec)), // CodecID
    ...(description ? [element(0x63a2, description)] : []), // CodecPrivate
    ...more,
  );
}

function text(value: string): Buffer {
  return Buffer.from(value, "latin1");
}
