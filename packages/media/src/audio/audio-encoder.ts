import type { AudioData } from "./audio-data.ts";

/** Codecs of sound. */
export type AudioCodec = "opus" | "aac";

/** One packet of a sound stream: WebCodecs' `EncodedAudioChunk`. */
export interface EncodedAudioChunk {
  /** Microseconds, rounded. The first ones of a stream may lie below 0: what the encoder puts before the sound. */
  readonly timestamp: number;
  /** Microseconds, rounded. */
  readonly duration: number;
  readonly data: Uint8Array;
}

/** What an {@link AudioEncoder} is opened with. */
export interface AudioEncoderConfig {
  readonly family: AudioCodec;
  /** Samples a second; Opus takes 8, 12, 16, 24 and 48 thousand. */
  readonly sampleRate: number;
  readonly numberOfChannels: 1 | 2;
  /** Bits a second. @defaultValue 64,000 a channel */
  readonly bitrate?: number;
}

/** What a decoder of sound, or a container, must know. */
export interface AudioDecoderConfig {
  readonly family: AudioCodec;
  /** WebCodecs codec string: `"opus"` or `"mp4a.40.2"`. */
  readonly codec: string;
  readonly sampleRate: number;
  readonly numberOfChannels: number;
  /** `OpusHead` or `AudioSpecificConfig`. */
  readonly description: Uint8Array;
}

/** One sound stream being encoded. Calls are put in order; none of them blocks the event loop. */
export interface AudioEncoder extends AsyncDisposable {
  /**
   * Encodes sound of any length, which must follow on what came before; gives the packets that are full.
   *
   * @throws MillraceError INVALID_OPTION when rate or channels are not those of the configuration
   */
  encode(data: AudioData): Promise<readonly EncodedAudioChunk[]>;
  /** The rest, filled up with silence. The stream ends with it. */
  flush(): Promise<readonly EncodedAudioChunk[]>;
  readonly decoderConfig: AudioDecoderConfig;
  /** Gives up what is held back. */
  close(): Promise<void>;
}

/** A library that encodes sound, as a plugin. */
export interface AudioEncoderBackend {
  /** Version of this contract. */
  readonly apiVersion: 1;
  readonly name: string;
  readonly families: readonly AudioCodec[];
  /**
   * Opens an encoder.
   *
   * @throws MillraceError UNSUPPORTED for another codec or rate, MISSING_DEPENDENCY when the library is not installed
   */
  open(config: AudioEncoderConfig): Promise<AudioEncoder>;
}
