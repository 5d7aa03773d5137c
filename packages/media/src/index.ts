/**
 * Video frames and sound in WebCodecs' words, and the contracts of what decodes, scales and encodes them.
 *
 * @packageDocumentation
 */
export { type AudioData, type AudioDataInit, audioData } from "./audio/audio-data.ts";
export type {
  AudioCodec,
  AudioDecoderConfig,
  AudioEncoder,
  AudioEncoderBackend,
  AudioEncoderConfig,
  EncodedAudioChunk,
} from "./audio/audio-encoder.ts";
export type { Capture, CaptureBackend, CaptureOptions } from "./capture/capture.ts";
export type {
  EncodedImage,
  EncodeImageOptions,
  ImageEncoder,
  ImageType,
} from "./image/image-encoder.ts";
export type { LiveData, LiveStream, MediaClock } from "./live/live-stream.ts";
export { shareFrames } from "./live/share-frames.ts";
export type { Container, Muxer, MuxerBackend, MuxerTracks } from "./mux/muxer.ts";
export { type WavStreamOptions, wavStream } from "./mux/wav-stream.ts";
export { webmMuxer } from "./mux/webm-muxer.ts";
export { type Rational, ticksToMicroseconds, ticksToSeconds } from "./rational.ts";
export type { VideoCodec, VideoDecoderConfig } from "./video/codec.ts";
export { type LumaWeights, lumaWeights, type VideoColorSpace } from "./video/color-space.ts";
export type { EncodedVideoChunk } from "./video/encoded-video-chunk.ts";
export type {
  FrameScaler,
  ImageTensor,
  ImageTensorOptions,
  Region,
  ScaleOptions,
} from "./video/frame-scaler.ts";
export {
  chromaSubsampling,
  frameBytes,
  isRgb,
  PIXEL_FORMATS,
  type PlaneLayout,
  planeLayouts,
  sampleBits,
  type VideoPixelFormat,
} from "./video/pixel-format.ts";
export { type FrameLabels, relabelFrame } from "./video/relabel-frame.ts";
export { scalarScaler } from "./video/scalar-scaler.ts";
export type {
  DecodedFrame,
  DecodeOptions,
  DecodeResult,
  DecoderCapabilities,
  FrameStatus,
  OpenDecoderOptions,
  VideoDecoder,
  VideoDecoderBackend,
} from "./video/video-decoder.ts";
export type {
  EncodedVideoFamily,
  EncodeVideoOptions,
  VideoEncoder,
  VideoEncoderBackend,
  VideoEncoderConfig,
} from "./video/video-encoder.ts";
export {
  countOpenFrame,
  openFrameCount,
  packFrame,
  type Rotation,
  type VideoFrame,
  type VideoFrameInit,
  videoFrame,
} from "./video/video-frame.ts";
