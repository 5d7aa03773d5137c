import { MillraceError } from "@millrace/core";
import type { AudioData } from "../audio/audio-data.ts";
import type {
  AudioEncoder,
  AudioEncoderConfig,
  EncodedAudioChunk,
} from "../audio/audio-encoder.ts";
import { ticksToMicroseconds } from "../rational.ts";
import type { WireSound } from "./protocol.ts";
import type { PoolWorker } from "./worker-pool.ts";

const BITRATE_A_CHANNEL = 64_000;
const CODEC_STRINGS = { opus: "opus", aac: "mp4a.40.2" } as const;

/** Opens an encoder of sound that lives in a worker. */
export async function workerAudioEncoder(
  worker: PoolWorker,
  config: AudioEncoderConfig,
): Promise<AudioEncoder> {
  const { family, sampleRate, numberOfChannels } = config;
  if (family !== "opus" && family !== "aac") {
    throw new MillraceError(
      "UNSUPPORTED",
      `node-av: it encodes opus and aac, not ${String(family)}.`,
    );
  }
  worker.tenants += 1;
  const { encoder, description } = await worker
    .call<"open-audio-encoder">({
      kind: "open-audio-encoder",
      family,
      sampleRate,
      numberOfChannels,
      bitrate: config.bitrate ?? BITRATE_A_CHANNEL * numberOfChannels,
    })
    .catch((error: unknown) => {
      worker.tenants -= 1;
      throw error;
    });
  let firstTimestamp: number | undefined;
  let closing: Promise<void> | undefined;

  function mustBeOpen(): void {
    if (closing) throw new MillraceError("CLOSED", "node-av: the encoder is closed; open another.");
  }

  function toChunk({ data, pts, duration }: WireSound): EncodedAudioChunk {
    const inSamples = { num: 1, den: sampleRate };
    const timestamp = ticksToMicroseconds(pts, inSamples) + (firstTimestamp ?? 0);
    return { data, timestamp, duration: ticksToMicroseconds(duration, inSamples) };
  }

  async function close(): Promise<void> {
    closing ??= worker
      .call<"close">({ kind: "close", number: encoder })
      // A worker that is gone has taken its encoders along.
      .catch(() => null)
      .then(() => {
        worker.tenants -= 1;
      });
    await closing;
  }

  return {
    async encode(data) {
      mustBeOpen();
      if (data.sampleRate !== sampleRate || data.numberOfChannels !== numberOfChannels) {
        throw new MillraceError(
          "INVALID_OPTION",
          `node-av: sound of ${data.sampleRate} samples a second in ${data.numberOfChannels} channels came to an ` +
            `encoder of ${sampleRate} in ${numberOfChannels}.`,
        );
      }
      firstTimestamp ??= data.timestamp;
      const samples = toFloats(data);
      const answer = worker.call<"encode-audio">({ kind: "encode-audio", encoder, samples });
      return (await answer).map(toChunk);
    },
    async flush() {
      mustBeOpen();
      return (await worker.call<"flush-audio">({ kind: "flush-audio", encoder })).map(toChunk);
    },
    decoderConfig: {
      family,
      codec: CODEC_STRINGS[family],
      sampleRate,
      numberOfChannels,
      description,
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function toFloats({ data }: AudioData): Float32Array {
  return data instanceof Float32Array ? data : Float32Array.from(data, (sample) => sample / 32_768);
}
