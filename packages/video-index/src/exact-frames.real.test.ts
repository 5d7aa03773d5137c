// Every frame of every clip, in many orders, judged by the number in its pixels.
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openFrameCount } from "@millrace/media";
import { nodeAv } from "@millrace/media/node-av";
import { afterAll, describe, expect, it } from "vitest";
import { openVideo } from "./open-video.ts";
import { makeClips, readBarcode } from "./testing/index.ts";
import type { Video } from "./video.ts";

const clips = await makeClips(join(tmpdir(), "millrace-clips"));
const driver = nodeAv({ workers: 2 });
afterAll(() => driver.close());

type Seen = number | "missing" | "concealed" | undefined;

async function numbersOf(video: Video, order: readonly number[]): Promise<readonly Seen[]> {
  const seen: Seen[] = [];
  for (const index of order) {
    using result = await video.frameAt(index);
    expect(result.index).toBe(index);
    seen.push(result.status === "ok" ? readBarcode(result.frame) : result.status);
  }
  return seen;
}

const orders: Readonly<Record<string, (count: number) => readonly number[]>> = {
  forward: (count) => [...Array(count).keys()],
  reverse: (count) => [...Array(count).keys()].reverse(),
  stride: (count) => [...Array(count).keys()].map((at) => (at * 7) % count),
  random: (count) => [...Array(count).keys()].map((at) => (at * 7919 + 13) % count),
};

describe.each(clips.clips.filter(({ state, barcode }) => state === "sound" && barcode))(
  "$name",
  ({ name, numbers }) => {
    it.each(Object.keys(orders))("gives the right frames %s", async (order) => {
      for (const cacheBytes of [0, 40_000, 2 ** 28]) {
        await using video = await openVideo(clips.pathOf(name), {
          decoder: driver.decoder,
          cacheBytes,
        });
        expect(video.info.frameCount).toBe(numbers.length);
        const asked = orders[order]?.(numbers.length) ?? [];
        expect(await numbersOf(video, asked)).toEqual(asked.map((at) => numbers[at]));
      }
      expect(openFrameCount()).toBe(0);
    });
  },
);
