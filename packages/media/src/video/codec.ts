/** A family of codecs, as the name that FFmpeg has for its decoder. */
export type VideoCodec =
  | "h264"
  | "hevc"
  | "vp8"
  | "vp9"
  | "av1"
  | "mpeg4"
  | "mjpeg"
  | "prores"
  | "mpeg2video";

/** What a decoder must know before the first packet: WebCodecs' `VideoDecoderConfig`, with the family beside. */
export interface VideoDecoderConfig {
  /** WebCodecs codec string where the codec is registered there, such as `"avc1.640028"`; else the sample entry's name. */
  readonly codec: string;
  readonly family: VideoCodec;
  /** Parameter sets out of band, as the container has them: `avcC`, `hvcC`, `av1C`, `esds` payloads. */
  readonly description?: Uint8Array;
  readonly codedWidth: number;
  readonly codedHeight: number;
  /**
   * How many frames a decoder must hold back before it may output one, where that is known. Without it, FFmpeg
   * guesses for streams that do not say, and may output the first frames out of order.
   */
  readonly reorderDepth?: number;
}
