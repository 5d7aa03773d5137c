import { describe, expect, test } from "vitest";
import type { EncodedVideoChunk } from "../video/encoded-video-chunk.ts";
import type { VideoDecoderBackend } from "../video/video-decoder.ts";
import type { VideoEncoder, VideoEncoderBackend } from "../video/video-encoder.ts";
import { expectNoOpenFrames } from "./expect-no-open-frames.ts";
import { readPatternNumber, type TestPatternOptions, testPattern } from "./test-pattern.ts";

/**
 * What every {@link VideoEncoderBackend} must do, as tests of vitest: each frame carries its number in its pixels,
 * which must be there when it is decoded.
 *
 * @param name - for the reports
 * @param encoder - called in each test
 * @param decoder - reads what was encoded
 */
export function describeVideoEncoder(
  name: string,
  encoder: () => VideoEncoderBackend,
  decoder: () => VideoDecoderBackend,
): void {
  describe(`VideoEncoderBackend: ${name}`, () => {
    describe.each(encoder().families.map((family) => ({ family })))("$family", ({ family }) => {
      const timeBase = { num: 1, den: 30 };
      const open = (more: object = {}): Promise<VideoEncoder> =>
        encoder().open({ family, width: 320, height: 180, bitrate: 800_000, timeBase, ...more });

      test("frames come back in order, with their numbers and times", async () => {
        await using encoding = await open();
        const chunks = await encodeAll(encoding, { frames: 45 });
        expect(chunks.map(({ pts }) => pts)).toEqual(Array.from({ length: 45 }, (_, i) => i));
        expect(chunks.map(({ duration }) => duration)).toEqual(chunks.map(() => 33_333));
        expect(await numbers(chunks, encoding)).toEqual(chunks.map((_, i) => i));
        expectNoOpenFrames();
      });

      test("in real time each frame gives its chunk at once; only the first is a key frame unless asked for", async () => {
        await using encoding = await open();
        const keys: number[] = [];
        for (const frame of testPattern({ frames: 20 })) {
          const chunks = await encoding.encode(frame, { keyFrame: frame.pts === 11 });
          expect(chunks).toHaveLength(1);
          if (chunks[0]?.type === "key") keys.push(frame.pts);
          frame.close();
        }
        expect(keys).toEqual([0, 11]);
      });

      test("held back frames come with flush, and the next begins anew", async () => {
        await using encoding = await open({ latencyMode: "quality" });
        const first = await encodeAll(encoding, { frames: 30 });
        expect(first).toHaveLength(30);
        expect(await numbers(first, encoding)).toEqual(first.map((_, i) => i));
        const [frame] = [...testPattern({ frames: 31 })].filter(
          (one) => one.pts === 30 || one.close(),
        );
        if (!frame) throw new Error("no frame");
        const rest = [...(await encoding.encode(frame)), ...(await encoding.flush())];
        frame.close();
        expect(rest.map(({ type }) => type)).toEqual(["key"]);
      });

      test("another bitrate takes effect while it runs", async () => {
        await using encoding = await open({ bitrate: 1_500_000 });
        const size = async (from: number): Promise<number> => {
          let sizeBytes = 0;
          for (const frame of testPattern({ frames: from + 40, noise: 40 })) {
            if (frame.pts >= from) {
              const chunks = await encoding.encode(frame);
              // A key frame may come with the change.
              if (frame.pts >= from + 10)
                sizeBytes += chunks.reduce((sum, { data }) => sum + data.length, 0);
            }
            frame.close();
          }
          return sizeBytes;
        };
        const before = await size(0);
        await encoding.setBitrate(100_000);
        expect(await size(40)).toBeLessThan(before / 2);
      });

      test("frames of another size are scaled", async () => {
        await using encoding = await open();
        const chunks = await encodeAll(encoding, { frames: 3, width: 640, height: 360 });
        await using decoding = await decoder().open(encoding.decoderConfig, { timeBase });
        const { frames } = await decoding.decode(chunks, { end: true });
        expect(frames.map(({ frame }) => frame.codedWidth)).toEqual([320, 320, 320]);
        for (const { frame } of frames) frame.close();
      });

      test("times that do not rise, odd sizes, and calls after close are refused", async () => {
        await expect(open({ width: 321 })).rejects.toMatchObject({ code: "INVALID_OPTION" });
        const encoding = await open();
        const [frame] = testPattern({ frames: 1 });
        if (!frame) throw new Error("no frame");
        await encoding.encode(frame);
        await expect(encoding.encode(frame)).rejects.toMatchObject({ code: "INVALID_OPTION" });
        await encoding.close();
        await expect(encoding.encode(frame)).rejects.toMatchObject({ code: "CLOSED" });
        frame.close();
        expectNoOpenFrames();
      });
    });

    test("an unknown codec is refused", async () => {
      const config = { family: "h261" as "h264", width: 320, height: 180, bitrate: 1 };
      await expect(encoder().open(config)).rejects.toMatchObject({ code: "UNSUPPORTED" });
    });

    async function numbers(chunks: readonly EncodedVideoChunk[], { decoderConfig }: VideoEncoder) {
      await using decoding = await decoder().open(decoderConfig, { timeBase: { num: 1, den: 30 } });
      const { frames } = await decoding.decode(chunks, { end: true });
      return frames.map(({ frame }) => {
        const number = readPatternNumber(frame);
        frame.close();
        return number;
      });
    }
  });
}

async function encodeAll(
  encoding: VideoEncoder,
  options: TestPatternOptions,
): Promise<readonly EncodedVideoChunk[]> {
  const chunks: EncodedVideoChunk[] = [];
  for (const frame of testPattern(options)) {
    chunks.push(...(await encoding.encode(frame)));
    frame.close();
  }
  return [...chunks, ...(await encoding.flush())];
}
