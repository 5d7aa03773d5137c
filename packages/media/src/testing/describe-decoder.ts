import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type {
  DecodeOptions,
  DecodeResult,
  VideoDecoder,
  VideoDecoderBackend,
} from "../video/video-decoder.ts";
import { type Clip, checksum, clipChecksums } from "./clip.ts";
import { type ClipRecipe, clip, DECODER_CLIPS } from "./decoder-clips.ts";
import { expectNoOpenFrames } from "./expect-no-open-frames.ts";
import { missingProgram } from "./missing-program.ts";

/**
 * What every {@link VideoDecoderBackend} must do, as tests of vitest. Clips are made with the command `ffmpeg`, and
 * what comes out is compared with what the command makes of them, bit by bit.
 *
 * @param name - for the reports
 * @param backend - called in each test
 */
export function describeDecoder(name: string, backend: () => VideoDecoderBackend): void {
  const missing = missingProgram("ffmpeg");
  describe.skipIf(missing !== "")(`VideoDecoderBackend: ${name}${missing}`, () => {
    let folder: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "millrace-decoder-"));
    });
    afterAll(() => rm(folder, { recursive: true }));
    afterEach(() => expectNoOpenFrames());

    const open = ({ config, timeBase }: Clip): Promise<VideoDecoder> =>
      backend().open(config, { timeBase });
    const made = new Map<string, ReturnType<typeof clip>>();
    /** A clip, made once. */
    const make = (file: string): ReturnType<typeof clip> => {
      const source = made.get(file) ?? clip(folder, recipe(file));
      made.set(file, source);
      return source;
    };

    test.each(DECODER_CLIPS)("$file comes out bit by bit, in order", async (one) => {
      const source = await make(one.file);
      const bytes = source.chunks.map(({ data }) => checksum(data));
      await using decoder = await open(source);
      const result = await decoder.decode(source.chunks, { end: true });
      expect(result.frames.map(({ status }) => status)).toEqual(source.chunks.map(() => "ok"));
      expect(result.frames.map(({ frame }) => frame.pts)).toEqual(source.chunks.map((_, i) => i));
      expect(sorted(result.decoded)).toEqual(source.chunks.map((_, i) => i));
      const { format } = one;
      const isGrey = format.startsWith("gray");
      let sizeBytes = 0;
      const sums = result.frames.map(({ frame }) => {
        const [luma] = frame.layout;
        sizeBytes = isGrey && luma ? luma.rowBytes * luma.rows : frame.data.length;
        return checksum(frame.data.subarray(0, sizeBytes));
      });
      closeAll(result);
      expect(sums).toEqual(await clipChecksums(source.path, format, sizeBytes));
      expect(source.chunks.map(({ data }) => checksum(data))).toEqual(bytes);
    });

    test("only frames that are asked for come, each once, also when chunks are fed one by one", async () => {
      const source = await make("h264.mp4");
      await using decoder = await open(source);
      const asked = [0, 3, 4, 11, 17, 29];
      const results: DecodeResult[] = [];
      for (const [index, chunk] of source.chunks.entries()) {
        const options: DecodeOptions = { keep: asked, end: index === source.chunks.length - 1 };
        results.push(
          await decoder.decode([chunk], index === 0 ? options : { ...options, keep: [] }),
        );
      }
      expect(results.flatMap(({ frames }) => frames.map(({ frame }) => frame.pts))).toEqual(asked);
      expect(sorted(results.flatMap(({ decoded }) => decoded))).toEqual(
        source.chunks.map((_, i) => i),
      );
      results.forEach(closeAll);
    });

    test("reset, and end, let it begin at another key chunk", async () => {
      const source = await make("h264.mp4");
      const second = source.chunks.findLastIndex(({ type }) => type === "key");
      await using decoder = await open(source);
      closeAll(await decoder.decode(source.chunks.slice(0, 7)));
      await decoder.reset();
      for (let round = 0; round < 2; round++) {
        const result = await decoder.decode(source.chunks.slice(second), { end: true, keep: [20] });
        expect(result.frames.map(({ frame }) => frame.pts)).toEqual([20]);
        const whole = await clipChecksums(
          source.path,
          "yuv420p",
          result.frames[0]?.frame.data.length ?? 0,
        );
        expect(checksum(result.frames[0]?.frame.data ?? new Uint8Array())).toBe(whole[20]);
        closeAll(result);
      }
    });

    test("a stream that changes its size gives frames of both", async () => {
      const small = await make("vp8.webm");
      const wide = await clip(folder, { ...recipe("vp8.webm"), file: "wide.webm", size: "320x96" });
      const later = wide.chunks.map((chunk) => ({
        ...chunk,
        pts: chunk.pts + 30,
        dts: chunk.dts + 30,
      }));
      await using decoder = await open(small);
      const result = await decoder.decode([...small.chunks, ...later], { end: true });
      const sizes = result.frames.map(({ frame }) => `${frame.codedWidth}x${frame.codedHeight}`);
      expect(sizes).toEqual([...small.chunks.map(() => "192x128"), ...later.map(() => "320x96")]);
      const last = result.frames.at(-1)?.frame.data ?? new Uint8Array();
      expect(checksum(last)).toBe((await clipChecksums(wide.path, "yuv420p", last.length)).at(-1));
      closeAll(result);
    });

    test("a damaged chunk costs frames of its own group, not the call", async () => {
      const source = await make("h264.mp4");
      const damaged = source.chunks.map((chunk, index) =>
        index === 4 ? { ...chunk, data: noise(chunk.data.length) } : chunk,
      );
      await using decoder = await open(source);
      const result = await decoder.decode(damaged, { end: true });
      const pts = result.frames.map(({ frame }) => frame.pts);
      expect(pts).toEqual(expect.arrayContaining(Array.from({ length: 15 }, (_, i) => 15 + i)));
      expect(new Set(pts).size).toBe(pts.length);
      closeAll(result);
      const nothing = await decoder.decode([{ ...first(source), data: noise(500) }], { end: true });
      expect(nothing.frames.filter(({ status }) => status === "ok")).toEqual([]);
      closeAll(nothing);
    });

    test("an abort rejects with its reason, and the decoder goes on at a key chunk", async () => {
      const source = await make("h264.mp4");
      await using decoder = await open(source);
      const reason = new Error("enough");
      const early = decoder.decode(source.chunks, { signal: AbortSignal.abort(reason) });
      await expect(early).rejects.toBe(reason);
      const controller = new AbortController();
      const many = Array.from({ length: 40 }, () => source.chunks).flat();
      const late = decoder.decode(many, { signal: controller.signal, end: true, keep: [] });
      controller.abort(reason);
      await expect(late).rejects.toBe(reason);
      const after = await decoder.decode(source.chunks, { end: true, keep: [29] });
      expect(after.frames.map(({ frame }) => frame.pts)).toEqual([29]);
      closeAll(after);
    });

    test("pts may lie anywhere: frames have those of their chunks", async () => {
      const source = await make("h264.mp4");
      await using decoder = await backend().open(source.config, {
        timeBase: { num: 1, den: 90_000 },
      });
      const moved = source.chunks.map((chunk) => ({ ...chunk, pts: chunk.pts * 3003 - 45_000 }));
      const result = await decoder.decode(moved, { end: true });
      const expected = source.chunks.map((_, i) => i * 3003 - 45_000);
      expect(result.frames.map(({ frame }) => frame.pts)).toEqual(expected);
      expect(result.frames[0]?.frame.timestamp).toBe(-500_000);
      closeAll(result);
    });

    test("colours are those of the stream", async () => {
      const source = await clip(
        folder,
        { ...recipe("h264.mp4"), file: "colours.mp4" },
        ..."-color_range pc -colorspace bt709 -color_trc bt709 -color_primaries bt709".split(" "),
      );
      await using decoder = await open(source);
      const result = await decoder.decode(source.chunks.slice(0, 1), { end: true });
      expect(result.frames[0]?.frame.colorSpace).toEqual({
        fullRange: true,
        matrix: "bt709",
        primaries: "bt709",
        transfer: "bt709",
      });
      closeAll(result);
    });

    test("decoders run beside each other", async () => {
      const sources = await Promise.all(
        ["h264.mp4", "vp8.webm", "mpeg4.mp4"].map((file) => make(file)),
      );
      const counts = await Promise.all(
        sources.map(async (source) => {
          await using decoder = await open(source);
          const result = await decoder.decode(source.chunks, { end: true });
          closeAll(result);
          return result.frames.length;
        }),
      );
      expect(counts).toEqual([30, 30, 30]);
    });

    test("a closed decoder rejects", async () => {
      const source = await make("h264.mp4");
      const decoder = await open(source);
      await decoder.close();
      await decoder.close();
      await expect(decoder.decode(source.chunks)).rejects.toMatchObject({ code: "CLOSED" });
    });
  });
}

function recipe(file: string): ClipRecipe {
  const found = DECODER_CLIPS.find((one) => one.file === file);
  if (!found) throw new Error(`no clip ${file}`);
  return found;
}

function first({ chunks: [chunk] }: Clip): Clip["chunks"][number] {
  if (!chunk) throw new Error("the clip is empty");
  return chunk;
}

function sorted(numbers: readonly number[]): number[] {
  return numbers.toSorted((a, b) => a - b);
}

function closeAll({ frames }: DecodeResult): void {
  for (const { frame } of frames) frame.close();
}

/** Bytes that are no video, the same in every run (a linear congruential generator). */
function noise(length: number): Uint8Array {
  let state = 7;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state >>> 24;
  });
}
