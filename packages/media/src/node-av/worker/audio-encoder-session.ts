import type { NodeAvFrame, NodeAvLibrary } from "../node-av-library.ts";
import type { OpenAudioEncoderRequest, WireSound } from "../protocol.ts";
import { WorkerFailure } from "./worker-failure.ts";

/** One encoder of sound in its worker. */
export interface AudioEncoderSession {
  readonly description: Uint8Array;
  /** Encodes samples, channels side by side; gives the packets that are full. */
  encode(samples: Float32Array): WireSound[];
  /** The rest. */
  flush(): WireSound[];
  close(): void;
}

const TEXT = 6;
const OF_ENCODER = 1;
/** `AV_CODEC_FLAG_GLOBAL_HEADER`: what a container must know stands beside the packets. */
const GLOBAL_HEADER = 1 << 22;
const ENCODERS = { opus: "libopus", aac: "aac" } as const;
const SAMPLE_FORMATS = { opus: "flt", aac: "fltp" } as const;

/**
 * Opens an encoder.
 *
 * @throws WorkerFailure UNSUPPORTED when FFmpeg has none for the codec or the rate
 */
export function audioEncoderSession(
  library: NodeAvLibrary,
  { family, sampleRate, numberOfChannels, bitrate }: OpenAudioEncoderRequest,
): AudioEncoderSession {
  const codec = library.Codec.findEncoderByName(ENCODERS[family] as never);
  const context = new library.CodecContext();
  const format = library.avGetSampleFmtFromName(SAMPLE_FORMATS[family]);
  const channelLayout = library.avChannelLayoutDefault(numberOfChannels);
  const refused = (): WorkerFailure =>
    new WorkerFailure(
      "UNSUPPORTED",
      `node-av: FFmpeg's ${ENCODERS[family]} does not take ${sampleRate} samples a second in ${numberOfChannels} channels.`,
    );
  if (!codec) throw refused();
  context.allocContext3(codec);
  context.sampleRate = sampleRate;
  context.sampleFormat = format;
  context.channelLayout = channelLayout;
  context.bitRate = BigInt(bitrate);
  context.timeBase = new library.Rational(1, sampleRate);
  context.flags |= GLOBAL_HEADER;
  if (family === "opus") context.setOption("application", "audio", TEXT, OF_ENCODER);
  if (context.open2Sync(codec) < 0) {
    context.freeContext();
    throw refused();
  }
  const packet = new library.Packet();
  packet.alloc();
  const frameLength = context.frameSize * numberOfChannels;
  const waiting = new Float32Array(frameLength);
  let filled = 0;
  let sent = 0;

  /** Sends what waits, as one frame of the encoder's length or, at the end, a shorter one. */
  function send(length: number): void {
    const nbSamples = length / numberOfChannels;
    const samples = family === "aac" ? planar(waiting, numberOfChannels, nbSamples) : waiting;
    const bytes = Buffer.from(samples.buffer, samples.byteOffset, length * 4);
    const frame: NodeAvFrame = library.Frame.fromAudioBuffer(bytes, {
      nbSamples,
      format,
      sampleRate,
      channelLayout: channelLayout as never,
      pts: BigInt(sent),
    });
    const result = context.sendFrameSync(frame);
    frame.free();
    if (result < 0) {
      throw new WorkerFailure(
        "INTERNAL",
        `node-av: ${family} did not take sound (error ${result}).`,
      );
    }
    sent += nbSamples;
  }

  function drain(): WireSound[] {
    const packets: WireSound[] = [];
    while (context.receivePacketSync(packet) >= 0) {
      const { data, pts, duration } = packet;
      packets.push({
        data: Uint8Array.from(data ?? []),
        pts: Number(pts),
        duration: Number(duration),
      });
      packet.unref();
    }
    return packets;
  }

  return {
    description: Uint8Array.from(context.extraData ?? []),
    encode(samples) {
      const packets: WireSound[] = [];
      for (let at = 0; at < samples.length; ) {
        const part = samples.subarray(at, at + frameLength - filled);
        waiting.set(part, filled);
        filled += part.length;
        at += part.length;
        if (filled < frameLength) break;
        send(filled);
        filled = 0;
        packets.push(...drain());
      }
      return packets;
    },
    flush() {
      if (filled > 0) {
        // An encoder takes one short frame, its last; silence up to the full length is the same to all.
        waiting.fill(0, filled);
        send(frameLength);
        filled = 0;
      }
      context.sendFrameSync(null);
      return drain();
    },
    close() {
      packet.free();
      context.freeContext();
    },
  };
}

/** Channels one after another. */
function planar(samples: Float32Array, channels: number, length: number): Float32Array {
  if (channels === 1) return samples;
  const apart = new Float32Array(samples.length);
  for (let channel = 0; channel < channels; channel++) {
    for (let at = 0; at < length; at++) {
      apart[channel * length + at] = samples[at * channels + channel] ?? 0;
    }
  }
  return apart;
}
