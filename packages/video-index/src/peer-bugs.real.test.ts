// What other libraries got wrong, each by the name of its report.
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeAv } from "@millrace/media/node-av";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { shuffled } from "../test/judge-clip.ts";
import { type ClipFolder, makeClips, readBarcode } from "./testing/index.ts";
import type { RawFrame, Video } from "./video.ts";
import {
  createVideoLibrary,
  type VideoLibrary,
  type VideoLibraryOptions,
} from "./video-library.ts";

const driver = nodeAv({ workers: 2 });
let clips: ClipFolder;
beforeAll(async () => {
  clips = await makeClips(join(tmpdir(), "millrace-clips"));
}, 120_000);
afterAll(() => driver.close());

async function withVideo<T>(
  name: string,
  work: (video: Video, library: VideoLibrary) => Promise<T>,
  options: VideoLibraryOptions = {},
): Promise<T> {
  await using library = createVideoLibrary({ decoder: driver.decoder, ...options });
  return await work(await library.open(clips.pathOf(name)), library);
}

/** The number in a frame's pixels, or its status where it is not whole. */
function seen(result: RawFrame): number | string | undefined {
  using one = result;
  return one.status === "ok" ? readBarcode(one.frame) : one.status;
}

async function numbers(video: Video, frames: readonly number[]) {
  const all: (number | string | undefined)[] = [];
  for (const frame of frames) all.push(seen(await video.frameAt(frame)));
  return all;
}

describe("frames by number", () => {
  it.each(["cfr_ip.mp4", "cfr_b.mp4"])(
    "are the same with and without B frames: %s (opencv#4890, opencv#9053)",
    (name) =>
      withVideo(name, async (video) => {
        const order = shuffled(60, 3).slice(0, 12);
        expect(await numbers(video, order)).toEqual(order);
      }),
  );

  it("come in order however many B frames there are (decord#365)", () =>
    withVideo("open_gop_h264.mp4", async (video) => {
      const order = Array.from({ length: 60 }, (_, at) => at);
      expect((await video.framesAt(order)).map(seen)).toEqual(order);
    }));

  it("are not those of the batch before (decord#31)", () =>
    withVideo(
      "cfr_b.mp4",
      async (video) => {
        for (const batch of [
          [40, 41, 42],
          [3, 4, 5],
          [42, 3, 59],
        ]) {
          expect((await video.framesAt(batch)).map(seen)).toEqual(batch);
        }
      },
      { cacheBytes: 0 },
    ));

  it("end where a header promises more than there is (decord#373)", () =>
    withVideo("trunc_faststart.mp4", async (video) => {
      expect(video.info.warnings).toEqual([
        expect.stringMatching(/ends \d+ bytes inside its mdat box/),
      ]);
      expect(await numbers(video, [59, 34, 33, 30])).toEqual(["missing", 34, "missing", 30]);
    }));

  it("are not shifted by a start other than 0 (torchcodec#1209)", () =>
    withVideo("start_offset.mp4", async (video) => {
      expect(video.info.startTime).toBe(5);
      expect(await numbers(video, [0, 59])).toEqual([0, 59]);
    }));

  it("need no cues in Matroska (torchcodec#1259, L-SMASH-Works#14)", () =>
    withVideo("nocues.mkv", async (video) => {
      expect(await numbers(video, [32, 8, 59])).toEqual([32, 8, 59]);
    }));

  it("leave out what an edit list hides, and do not end early for it (torchcodec#1502, mediabunny#341)", () =>
    withVideo("elst_trim.mp4", async (video) => {
      expect(video.info.frameCount).toBe(45);
      expect(await numbers(video, [0, 44, 14, 15])).toEqual([15, 59, 29, 30]);
    }));

  it("are not stale after a step back in HEVC (torchcodec#1339)", () =>
    withVideo(
      "open_gop_hevc.mp4",
      async (video) => {
        expect(await numbers(video, [50, 49, 13, 12, 11, 10, 9])).toEqual([
          50, 49, 13, 12, 11, 10, 9,
        ]);
      },
      { cacheBytes: 0 },
    ));

  it("that lead a key frame are decoded from the one before (ffms2#403, L-SMASH-Works#14)", () =>
    withVideo(
      "open_gop_h264.mp4",
      async (video) => {
        expect(await numbers(video, [11])).toEqual([11]);
        expect(video.stats.decodedPackets).toBeGreaterThan(3);
      },
      { cacheBytes: 0 },
    ));

  it("cost one packet each where every frame is a key frame (bestsource#85)", () =>
    withVideo(
      "all_intra.mp4",
      async (video) => {
        await numbers(video, [50, 7, 33]);
        expect(video.stats.decodedPackets).toBe(3);
      },
      { cacheBytes: 0 },
    ));

  it("are right after any eviction (remotion#10161)", () =>
    withVideo(
      "long_gop.mp4",
      async (video) => {
        const order = [...shuffled(300, 9).slice(0, 12), 299, 298, 297, 0];
        expect(await numbers(video, order)).toEqual(order);
      },
      { cacheBytes: 80_000 },
    ));

  it("are those of their own video where two share decoders (torchcodec#1704)", () =>
    withVideo(
      "cfr_b.mp4",
      async (video, library) => {
        await using other = await library.open(clips.pathOf("odd.mp4"));
        for (const frame of [3, 20, 9]) {
          using one = await video.frameAt(frame);
          using two = await other.frameAt(frame);
          expect([one.frame?.codedWidth, two.frame?.codedWidth]).toEqual([192, 191]);
          expect(one.frame && readBarcode(one.frame)).toBe(frame);
        }
      },
      { decoders: 1 },
    ));

  it("say what they are: number, time and whether that is sure (torchcodec#246, opencv#29949)", () =>
    withVideo("vfr.mp4", async (video) => {
      using one = await video.frameAt(30);
      expect(one).toMatchObject({ index: 30, exactness: "verified", status: "ok" });
      expect(one.time).toBeCloseTo(20 / 30 + 10 / 12, 4);
    }));
});

describe("frames by time", () => {
  it("are found by their times where the rate varies (torchcodec#1629, DALI#1041)", () =>
    withVideo("vfr.mkv", async (video) => {
      for (const frame of [0, 19, 20, 39, 40, 59]) {
        const { time } = await video.frameAt(frame, { as: "jpeg", width: 16 });
        expect(seen(await video.frameAtTime(time))).toBe(frame);
        expect(seen(await video.frameAtTime(time + 0.008))).toBe(frame);
      }
    }));

  it("are found by times that were rounded (mediabunny#207, lerobot#2364)", () =>
    withVideo("ntsc.mp4", async (video) => {
      for (const frame of [1, 17, 58]) {
        const rounded = Number(((frame * 1001) / 30_000).toFixed(6));
        expect(seen(await video.frameAtTime(rounded))).toBe(frame);
        expect(seen(await video.frameAtTime(rounded, { rule: "exact" }))).toBe(frame);
      }
    }));

  it("that are equal are two frames all the same", () =>
    withVideo("dup_pts.mkv", async (video) => {
      expect(await numbers(video, [9, 10, 11])).toEqual([9, 10, 11]);
    }));

  it("and key frames are not off by one (lossless-cut#330)", () =>
    withVideo("cfr_b.mp4", async (video) => {
      expect([0, 0.99, 1, 1.5].map((time) => video.nearestKey(time))).toEqual([0, 0, 30, 30]);
    }));
});

describe("an index that turns out to be wrong", () => {
  it("is mended when the bitstream is looked into, and that is announced (ffms2#207)", () =>
    withVideo("nostss.mp4", async (video) => {
      // Without a table of key frames every packet is one, says the format.
      const keys: number[] = [];
      const following = video.index$.subscribe((index) => keys.push(index.keys.length));
      expect(await numbers(video, [45, 31])).toEqual([45, 31]);
      following.unsubscribe();
      expect(keys[0]).toBe(60);
      expect(keys.at(-1)).toBeLessThan(60);
      expect(video.index.frameCount).toBe(60);
    }));
});
