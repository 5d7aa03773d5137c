// Frames of every clip, judged by the numbers in their pixels. `npm run campaign frames` asks for all of them in all
// orders; here each clip is read once from its start, and asked for a part of its frames in an order of its own.
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MillraceError } from "@millrace/core";
import { openFrameCount } from "@millrace/media";
import { nodeAv } from "@millrace/media/node-av";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { judgeClip, judgeFrame, ORDERS } from "../test/judge-clip.ts";
import { openVideo } from "./open-video.ts";
import { type Clip, makeClips } from "./testing/index.ts";

const folder = await makeClips(join(tmpdir(), "millrace-clips"));
const driver = nodeAv({ workers: 2 });
const { decoder } = driver;
const CACHES = [0, 40_000, 2 ** 28];
const REQUESTS = 40;

afterAll(() => driver.close());
afterEach(() => expect(openFrameCount()).toBe(0));

describe.each(folder.clips)("$state $name", (clip: Clip) => {
  const seed = [...clip.name].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7) >>> 0;

  it("gives its frames one after another, each decoded once", async () => {
    await using video = await openVideo(folder.pathOf(clip.name), { decoder, cacheBytes: 0 });
    const wrong: string[] = [];
    let index = 0;
    for await (const result of video.frames()) {
      using frame = result;
      const mistake = judgeFrame(frame, clip, index++);
      if (mistake !== undefined) wrong.push(mistake);
    }
    expect(wrong).toEqual([]);
    expect(index).toBe(clip.numbers.length);
    if (clip.state === "sound") {
      // An edit list hides packets that must be decoded all the same.
      expect(video.stats.decodedPackets).toBeLessThanOrEqual(
        video.index.track.packets.count * 1.05,
      );
    }
  });

  it.each(["random", "scrub"])("gives the right frames in %s order", async (name) => {
    const cacheBytes = CACHES[seed % CACHES.length] as number;
    await using video = await openVideo(folder.pathOf(clip.name), { decoder, cacheBytes });
    const order = ORDERS[name]?.(clip.numbers.length, seed).slice(0, REQUESTS) ?? [];
    const { wrong } = await judgeClip(video, clip, order);
    expect(wrong).toEqual([]);
  });

  it("gives a batch in the order it was asked for, decoding no packet twice", async () => {
    await using video = await openVideo(folder.pathOf(clip.name), { decoder, cacheBytes: 0 });
    const order = ORDERS["random"]?.(clip.numbers.length, seed + 1).slice(0, 12) ?? [];
    const asked = [...order, ...order.slice(0, 2)];
    const results = await video.framesAt(asked);
    expect(results.map((result, at) => judgeFrame(result, clip, asked[at] as number))).toEqual(
      asked.map(() => undefined),
    );
    for (const result of results) result[Symbol.dispose]();
    if (clip.state === "sound") {
      expect(video.stats.decodedPackets).toBeLessThanOrEqual(video.index.track.packets.count);
    }
  });
});

it("goes on from where decoders stayed in a long group of pictures, the furthest that can", async () => {
  const clip = folder.clips.find(({ name }) => name === "long_gop.mp4") as Clip;
  const options = { decoder, cacheBytes: 0, decoders: 2 };
  await using video = await openVideo(folder.pathOf(clip.name), options);
  let before = 0;
  const fed: { frame: number; stayed: number; anew: number }[] = [];
  for (const frame of [80, 200, 130, 180, 290]) {
    await using other = await openVideo(folder.pathOf(clip.name), options);
    const judged = await Promise.all([
      judgeClip(video, clip, [frame]),
      judgeClip(other, clip, [frame]),
    ]);
    expect(judged.flatMap(({ wrong }) => wrong)).toEqual([]);
    const { decodedPackets } = video.stats;
    fed.push({ frame, stayed: decodedPackets - before, anew: other.stats.decodedPackets });
    before = decodedPackets;
  }
  const share = fed.map(({ stayed, anew }) => stayed / anew);
  // 200 from 80 on; 130 by a second decoder; 180 from there; 290 from 200.
  const most = [1, 0.7, 1, 0.4, 0.4];
  expect(
    share.every((one, at) => one <= (most[at] as number)),
    JSON.stringify(fed),
  ).toBe(true);
});

describe("a file that is no video", () => {
  it.each(folder.unreadable)("$name is refused with $code", async ({ name, code }) => {
    const opened = openVideo(folder.pathOf(name), { decoder });
    await expect(opened).rejects.toSatisfy(MillraceError.is);
    await expect(opened).rejects.toMatchObject({ code, message: expect.stringContaining(name) });
  });
});
