import { afterAll, expect, test } from "vitest";
import { type AudioData, audioData } from "../audio/audio-data.ts";
import type { EncodedAudioChunk } from "../audio/audio-encoder.ts";
import { nodeAv } from "./node-av.ts";

const library = nodeAv({ workers: 1 });
afterAll(() => library.close());

/** A tone in as many pieces as there are lengths. */
function tone(numberOfChannels: number, lengths: readonly number[], whole = false): AudioData[] {
  let at = 0;
  return lengths.map((length) => {
    const first = at;
    at += length;
    const samples = Array.from({ length: length * numberOfChannels }, (_, index) =>
      Math.sin((first + Math.floor(index / numberOfChannels)) / 17),
    );
    const data = whole
      ? Int16Array.from(samples, (sample) => Math.round(sample * 20_000))
      : Float32Array.from(samples, (sample) => sample * 0.6);
    const timestamp = 5_000_000 + Math.round((first * 1e6) / 48_000);
    return audioData({ sampleRate: 48_000, numberOfChannels, timestamp, data });
  });
}

test.each([
  ["opus", 1, 20_000, false],
  ["opus", 2, 20_000, true],
  ["aac", 1, 21_333, false],
  ["aac", 2, 21_333, true],
] as const)(
  "%s of %i channels: packets of %i µs, whatever lengths come",
  async (family, channels, durationUs, whole) => {
    await using encoder = await library.audioEncoder.open({
      family,
      sampleRate: 48_000,
      numberOfChannels: channels,
    });
    const chunks: EncodedAudioChunk[] = [];
    for (const data of tone(channels, [1, 959, 48_000, 7, 2500], whole)) {
      chunks.push(...(await encoder.encode(data)));
    }
    chunks.push(...(await encoder.flush()));
    const seconds = (1 + 959 + 48_000 + 7 + 2500) / 48_000;
    const heard = chunks.reduce((sum, { duration }) => sum + duration, 0) / 1e6;
    expect(heard).toBeGreaterThanOrEqual(seconds);
    expect(heard).toBeLessThan(seconds + 0.07);
    expect(chunks.slice(1, -1).every(({ duration }) => Math.abs(duration - durationUs) < 2)).toBe(
      true,
    );
    // What the encoder puts before the sound has times before its.
    expect(chunks[0]?.timestamp).toBeLessThan(5_000_000);
    expect(chunks[0]?.timestamp).toBeGreaterThan(4_970_000);
    chunks.slice(1).forEach((chunk, index) => {
      expect(chunk.timestamp).toBeGreaterThan(chunks[index]?.timestamp ?? 0);
    });
    expect(encoder.decoderConfig.description.length).toBeGreaterThan(1);
  },
);

test("sound that does not fit is refused", async () => {
  const rate = { family: "opus", sampleRate: 44_100, numberOfChannels: 1 } as const;
  await expect(library.audioEncoder.open(rate)).rejects.toMatchObject({ code: "UNSUPPORTED" });
  const mp3 = { ...rate, family: "mp3" as "aac" };
  await expect(library.audioEncoder.open(mp3)).rejects.toMatchObject({ code: "UNSUPPORTED" });
  const encoder = await library.audioEncoder.open({ ...rate, sampleRate: 48_000 });
  const [stereo] = tone(2, [960]);
  if (!stereo) throw new Error("no sound");
  await expect(encoder.encode(stereo)).rejects.toMatchObject({ code: "INVALID_OPTION" });
  await encoder.close();
  await expect(encoder.flush()).rejects.toMatchObject({ code: "CLOSED" });
});
