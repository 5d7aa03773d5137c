import type { SoundMessage } from "../messages/socket-messages.ts";
import { fromBase64 } from "./chunk-decoder.ts";
import { type PageAudio, type PageDecoder, type PageSound, page } from "./page.ts";

/** Plays sound as it comes, a moment later. */
export interface SoundPlayer {
  configure(message: SoundMessage): void;
  put(timestamp: number, data: Uint8Array): void;
  close(): void;
}

/** What is held back, so that an uneven road is not heard. */
const CUSHION_S = 0.06;
/** Sound that is further behind than this is left out, or it would lag behind the pictures for good. */
const MOST_BEHIND_S = 0.3;

/**
 * Makes a player of sound.
 *
 * @param given - a context that the page has made, as in a click; it stays the page's
 */
export function createSoundPlayer(given?: PageAudio): SoundPlayer {
  const { AudioContext, AudioDecoder, EncodedAudioChunk } = page();
  const context = given ?? (AudioContext && new AudioContext({ latencyHint: "interactive" }));
  let message: SoundMessage | undefined;
  let decoder: PageDecoder | undefined;
  let nextS = 0;
  // Pages that nobody has clicked at may not sound yet; what comes until then is left out.
  void context?.resume().catch(() => {});

  const schedule = (channels: readonly Float32Array[], sampleRate: number): void => {
    const frames = channels[0]?.length ?? 0;
    if (context?.state !== "running" || frames === 0) return;
    if (nextS - context.currentTime > MOST_BEHIND_S) return;
    if (nextS < context.currentTime) nextS = context.currentTime + CUSHION_S;
    const buffer = context.createBuffer(channels.length, frames, sampleRate);
    for (const [at, samples] of channels.entries()) buffer.getChannelData(at).set(samples);
    const source = context.createBufferSource();
    source.buffer = buffer;
    source.connect(context.destination as never);
    source.start(nextS);
    nextS += buffer.duration;
  };
  const decoded = (sound: PageSound): void => {
    const channels = Array.from({ length: sound.numberOfChannels }, (_, planeIndex) => {
      const samples = new Float32Array(sound.numberOfFrames);
      sound.copyTo(samples, { planeIndex, format: "f32-planar" });
      return samples;
    });
    schedule(channels, sound.sampleRate);
    sound.close();
  };
  const openDecoder = (config: SoundMessage): void => {
    if (!AudioDecoder) return;
    const mine = new AudioDecoder({
      output: decoded,
      error() {
        if (decoder === mine) decoder = undefined;
      },
    });
    const { sampleRate, numberOfChannels, description } = config;
    mine.configure({
      codec: "opus",
      sampleRate,
      numberOfChannels,
      ...(description && { description: fromBase64(description) }),
    });
    decoder = mine;
  };
  return {
    configure(next) {
      message = next;
      if (decoder && decoder.state !== "closed") decoder.close();
      decoder = undefined;
    },
    put(timestamp, data) {
      if (message?.codec === "pcm") {
        schedule(fromPcm(data, message.numberOfChannels), message.sampleRate);
      } else if (message && EncodedAudioChunk) {
        if (!decoder) openDecoder(message);
        if (decoder?.state === "configured") {
          decoder.decode(new EncodedAudioChunk({ type: "key", timestamp, data }));
        }
      }
    },
    close() {
      if (decoder && decoder.state !== "closed") decoder.close();
      decoder = undefined;
      if (!given) void context?.close().catch(() => {});
    },
  };
}

/** Samples of 16 bits, little-endian, channels side by side, as one array a channel. */
function fromPcm(data: Uint8Array, numberOfChannels: number): readonly Float32Array[] {
  const frames = Math.floor(data.length / 2 / numberOfChannels);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return Array.from({ length: numberOfChannels }, (_, channel) =>
    Float32Array.from(
      { length: frames },
      (_, at) => view.getInt16((at * numberOfChannels + channel) * 2, true) / 32_768,
    ),
  );
}
