import type { AudioCodec } from "../audio/audio-encoder.ts";
import type { Rational } from "../rational.ts";
import type { VideoCodec } from "../video/codec.ts";
import type { VideoColorSpace } from "../video/color-space.ts";
import type { Region } from "../video/frame-scaler.ts";
import type { Letterbox } from "../video/letterbox.ts";
import type { VideoPixelFormat } from "../video/pixel-format.ts";
import type { SettledColorSpace } from "../video/scaled-color-space.ts";
import type { EncodedVideoFamily } from "../video/video-encoder.ts";

/** What a worker is started with. */
export interface WorkerStart {
  /** Module to load in place of `node-av/lib`, as a URL. */
  readonly library?: string;
  /** Frame memory that a worker keeps for the next frames. */
  readonly spareBytes: number;
}

/** A decoder to open. */
export interface OpenRequest {
  readonly kind: "open";
  readonly family: VideoCodec;
  readonly codec: string;
  readonly description: Uint8Array | undefined;
  readonly codedWidth: number;
  readonly codedHeight: number;
  readonly reorderDepth: number | undefined;
  readonly timeBase: { readonly num: number; readonly den: number };
  readonly threads: number;
}

/** One packet on its way to a decoder. */
export interface WirePacket {
  readonly data: Uint8Array;
  readonly key: boolean;
  readonly pts: number;
  readonly dts: number;
  /** In ticks, 0 where unknown. */
  readonly duration: number;
}

/** Packets to decode. */
export interface DecodeRequest {
  readonly kind: "decode";
  readonly decoder: number;
  readonly packets: readonly WirePacket[];
  readonly keep: readonly number[] | undefined;
  readonly end: boolean;
  /** Its first number becomes 1 when the call is given up. */
  readonly cancel: Int32Array | undefined;
}

/** A picture on its way to a worker: planes without padding. */
export interface WireSource {
  readonly format: VideoPixelFormat;
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
  readonly colorSpace: SettledColorSpace;
}

/** A picture to make another of. */
export interface ScaleRequest {
  readonly kind: "scale";
  readonly source: WireSource;
  readonly region: Region;
  readonly format: VideoPixelFormat;
  readonly width: number;
  readonly height: number;
  readonly colorSpace: SettledColorSpace;
}

/** A picture to make a model's input of. */
export interface TensorRequest {
  readonly kind: "tensor";
  readonly source: WireSource;
  readonly region: Region;
  readonly box: Letterbox;
  readonly width: number;
  readonly height: number;
  readonly padding: number | undefined;
  /** Shared memory to write to; without it, the answer has the numbers. */
  readonly target: Float32Array | undefined;
}

/** A video encoder to open. */
export interface OpenVideoEncoderRequest {
  readonly kind: "open-video-encoder";
  readonly family: EncodedVideoFamily;
  readonly width: number;
  readonly height: number;
  readonly bitrate: number;
  readonly framerate: number;
  readonly keyFrameInterval: number;
  readonly realtime: boolean;
  readonly timeBase: Rational;
  readonly threads: number;
}

/** A picture to encode. */
export interface EncodeVideoRequest {
  readonly kind: "encode-video";
  readonly encoder: number;
  readonly source: WireSource;
  readonly keyFrame: boolean;
  readonly pts: number;
}

/** An encoder of sound to open. */
export interface OpenAudioEncoderRequest {
  readonly kind: "open-audio-encoder";
  readonly family: AudioCodec;
  readonly sampleRate: number;
  readonly numberOfChannels: number;
  readonly bitrate: number;
}

/** Sound to encode: samples from -1 to 1, channels side by side. */
export interface EncodeAudioRequest {
  readonly kind: "encode-audio";
  readonly encoder: number;
  readonly samples: Float32Array;
}

/** A packet of sound; times in samples. */
export interface WireSound {
  readonly data: Uint8Array;
  readonly pts: number;
  readonly duration: number;
}

/** A request that is answered. */
export type Request =
  | { readonly kind: "check" }
  | OpenRequest
  | DecodeRequest
  | ScaleRequest
  | TensorRequest
  | OpenVideoEncoderRequest
  | EncodeVideoRequest
  | OpenAudioEncoderRequest
  | EncodeAudioRequest
  | { readonly kind: "set-bitrate"; readonly encoder: number; readonly bitrate: number }
  | { readonly kind: "flush-video"; readonly encoder: number }
  | { readonly kind: "flush-audio"; readonly encoder: number }
  | { readonly kind: "reset"; readonly decoder: number }
  /** Of a decoder or an encoder. */
  | { readonly kind: "close"; readonly number: number };

/** A message to a worker. */
export type ToWorker =
  | (Request & { readonly id: number })
  | { readonly kind: "recycle"; readonly memory: SharedArrayBuffer }
  /** Frees what is open and leaves; what waits is not begun. */
  | { readonly kind: "end" };

/** A picture on its way back; whoever gets it owns the memory. */
export interface WirePicture {
  readonly format: VideoPixelFormat;
  readonly width: number;
  readonly height: number;
  readonly displayWidth: number;
  readonly colorSpace: VideoColorSpace;
  readonly pts: number;
  /** In ticks, null where unknown. */
  readonly duration: number | null;
  readonly memory: SharedArrayBuffer;
  readonly sizeBytes: number;
  readonly concealed: boolean;
}

/** What each request is answered with. */
export interface Answers {
  readonly check: null;
  /** The decoder's number. */
  readonly open: number;
  readonly decode: {
    readonly pictures: readonly WirePicture[];
    readonly decoded: readonly number[];
    readonly concealed: readonly number[];
  };
  readonly scale: { readonly memory: SharedArrayBuffer; readonly sizeBytes: number };
  /** The numbers, where the request had no place for them. */
  readonly tensor: Float32Array | null;
  readonly "open-video-encoder": number;
  readonly "encode-video": readonly WirePacket[];
  /** Its number, and what a container must know. */
  readonly "open-audio-encoder": { readonly encoder: number; readonly description: Uint8Array };
  readonly "encode-audio": readonly WireSound[];
  readonly "set-bitrate": null;
  readonly "flush-video": readonly WirePacket[];
  readonly "flush-audio": readonly WireSound[];
  readonly reset: null;
  readonly close: null;
}

/** A failure on its way back. */
export interface WireFailure {
  readonly code: "MISSING_DEPENDENCY" | "UNSUPPORTED" | "INVALID_OPTION" | "CLOSED" | "INTERNAL";
  readonly message: string;
}

/** A message from a worker. */
export type FromWorker =
  | { readonly id: number; readonly value: Answers[keyof Answers] }
  | { readonly id: number; readonly failure: WireFailure };
