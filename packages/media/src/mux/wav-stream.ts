import { MillraceError } from "@millrace/core/web";
import type { AudioData } from "../audio/audio-data.ts";

/** What {@link wavStream} may be told. */
export interface WavStreamOptions {
  /**
   * Samples of each channel that will come, for the header.
   *
   * @defaultValue unknown, which players take as "to the end of the stream"
   */
  readonly numberOfFrames?: number;
}

const HEADER_BYTES = 44;
const UNKNOWN = 0xffff_ffff;

/**
 * Sound as a WAV file of 16 bits a sample, as it comes.
 *
 * @example
 * ```ts
 * import { audioData, wavStream } from "@millrace/media";
 *
 * async function* sound() {
 *   yield audioData({ sampleRate: 8000, numberOfChannels: 1, timestamp: 0, data: new Float32Array(80) });
 * }
 * const pieces = await Array.fromAsync(wavStream(sound(), { numberOfFrames: 80 }));
 * console.log(Buffer.concat(pieces).length); // 204
 * ```
 * @throws MillraceError INVALID_OPTION when the sound changes its rate or channels
 */
export async function* wavStream(
  sound: AsyncIterable<AudioData> | Iterable<AudioData>,
  options: WavStreamOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  let first: AudioData | undefined;
  for await (const data of sound) {
    if (!first) yield wavHeader(data, options.numberOfFrames);
    first ??= data;
    const { sampleRate, numberOfChannels } = data;
    if (sampleRate !== first.sampleRate || numberOfChannels !== first.numberOfChannels) {
      throw new MillraceError(
        "INVALID_OPTION",
        `wav: sound of ${first.sampleRate} samples a second in ${first.numberOfChannels} channels went on with ` +
          `${sampleRate} in ${numberOfChannels}.`,
      );
    }
    yield samples16(data);
  }
}

/** The header of a canonical WAV file. */
function wavHeader(
  { sampleRate, numberOfChannels }: AudioData,
  frames: number | undefined,
): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  const frameBytes = numberOfChannels * 2;
  const dataBytes = frames === undefined ? UNKNOWN : frames * frameBytes;
  header.write("RIFF", 0, "latin1");
  header.writeUInt32LE(frames === undefined ? UNKNOWN : dataBytes + HEADER_BYTES - 8, 4);
  header.write("WAVEfmt ", 8, "latin1");
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20); // PCM
  header.writeUInt16LE(numberOfChannels, 22);
  header.writeUInt32LE(sampleRate, 24);
  header.writeUInt32LE(sampleRate * frameBytes, 28);
  header.writeUInt16LE(frameBytes, 32);
  header.writeUInt16LE(16, 34);
  header.write("data", 36, "latin1");
  header.writeUInt32LE(dataBytes, 40);
  return header;
}

function samples16({ data }: AudioData): Uint8Array {
  const bytes = Buffer.alloc(data.length * 2);
  const isFloat = data instanceof Float32Array;
  data.forEach((sample, at) => {
    const whole = isFloat ? Math.round(sample * 32_767) : sample;
    bytes.writeInt16LE(Math.min(32_767, Math.max(-32_768, whole)), at * 2);
  });
  return bytes;
}
