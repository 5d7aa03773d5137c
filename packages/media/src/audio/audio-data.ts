import { MillraceError } from "@millrace/core/web";

/** Sound: a subset of WebCodecs' `AudioData`, whose memory nobody need give back. Never changed once it is made. */
export interface AudioData {
  /** Samples of all channels side by side: `"f32"` from -1 to 1, `"s16"` whole numbers of 16 bits. */
  readonly format: "f32" | "s16";
  /** Samples a second of each channel. */
  readonly sampleRate: number;
  readonly numberOfChannels: number;
  /** Samples of each channel. */
  readonly numberOfFrames: number;
  /** When the first sample sounds, in microseconds. */
  readonly timestamp: number;
  /** `numberOfFrames * numberOfChannels` samples. */
  readonly data: Float32Array | Int16Array;
}

/** What {@link audioData} takes. */
export type AudioDataInit = Omit<AudioData, "format" | "numberOfFrames">;

/**
 * Sound over samples that the caller hands over.
 *
 * @example
 * ```ts
 * import { audioData } from "@millrace/media";
 *
 * const silence = audioData({
 *   sampleRate: 48_000,
 *   numberOfChannels: 2,
 *   timestamp: 0,
 *   data: new Float32Array(960),
 * });
 * console.log(silence.format, silence.numberOfFrames); // f32 480
 * ```
 * @throws MillraceError INVALID_OPTION when the samples are not a whole number for each channel
 */
export function audioData(init: AudioDataInit): AudioData {
  const { data, numberOfChannels, sampleRate } = init;
  const numberOfFrames = data.length / numberOfChannels;
  if (!Number.isSafeInteger(numberOfFrames) || numberOfChannels < 1 || !(sampleRate > 0)) {
    throw new MillraceError(
      "INVALID_OPTION",
      `${data.length} samples at ${sampleRate} a second are no sound of ${numberOfChannels} channels.`,
    );
  }
  return { ...init, format: data instanceof Float32Array ? "f32" : "s16", numberOfFrames };
}
