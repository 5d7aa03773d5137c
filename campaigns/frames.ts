import { tmpdir } from "node:os";
import { join } from "node:path";
import { openFrameCount } from "@millrace/media";
import { ffmpeg } from "@millrace/media/ffmpeg";
import { nodeAv } from "@millrace/media/node-av";
import { createVideoLibrary } from "@millrace/video-index";
import { type Clip, makeClips } from "@millrace/video-index/testing";
import { judgeClip, ORDERS } from "../packages/video-index/test/judge-clip.ts";

/** What asking for frames in one way came to. */
export interface FramesResult {
  /** Clip, driver, order and cache, in words. */
  readonly what: string;
  readonly frames: number;
  /** Frames that were said to be whole. */
  readonly whole: number;
  readonly differences: readonly string[];
}

/** What is varied. */
export interface FramesOrder {
  readonly seed: number;
  readonly drivers: readonly ("node-av" | "ffmpeg")[];
  /** Names of orders. @defaultValue all */
  readonly orders?: readonly string[];
  /** Frames asked for in one order. @defaultValue all */
  readonly most?: number;
}

/** Nothing, one frame, a part of a group of pictures, everything. */
const CACHES: readonly number[] = [0, 37_000, 400_000, 2 ** 28];
const HANGS_MS = 120_000;

/**
 * Asks for the frames of every clip in every order, with every size of the cache, by every driver, and judges each by
 * the number in its pixels.
 */
export async function* judgeFrames({
  seed,
  drivers,
  orders = Object.keys(ORDERS),
  most = Number.POSITIVE_INFINITY,
}: FramesOrder): AsyncGenerator<FramesResult, void> {
  const folder = await makeClips(join(tmpdir(), "millrace-clips"));
  await using av = nodeAv({ workers: 2 });
  const backends = { "node-av": av.decoder, ffmpeg: ffmpeg().decoder };
  for (const driver of drivers) {
    for (const clip of folder.clips) {
      for (const order of orders) {
        for (const cacheBytes of driver === "ffmpeg" ? CACHES.slice(2, 3) : CACHES) {
          const what = `${clip.name} ${order} with ${driver} and ${cacheBytes} bytes of cache`;
          await using library = createVideoLibrary({ decoder: backends[driver], cacheBytes });
          const judged = judge(library, folder.pathOf(clip.name), clip, order, seed, most);
          yield { what, ...(await inTime(judged)) };
        }
      }
    }
  }
}

async function judge(
  library: ReturnType<typeof createVideoLibrary>,
  path: string,
  clip: Clip,
  order: string,
  seed: number,
  most: number,
): Promise<Omit<FramesResult, "what">> {
  const before = openFrameCount();
  try {
    const video = await library.open(path);
    const frames = ORDERS[order]?.(clip.numbers.length, seed).slice(0, most) ?? [];
    const { whole, wrong } = await judgeClip(video, clip, frames);
    await video.close();
    const left = openFrameCount() - before;
    return {
      frames: frames.length,
      whole,
      differences: left === 0 ? wrong : [...wrong, `${left} frames are left open`],
    };
  } catch (error) {
    return { frames: 0, whole: 0, differences: [`it failed: ${(error as Error).message}`] };
  }
}

async function inTime<T extends Omit<FramesResult, "what">>(work: Promise<T>) {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Omit<FramesResult, "what">>((resolve) => {
    timer = setTimeout(resolve, HANGS_MS, {
      frames: 0,
      whole: 0,
      differences: [`it hangs for ${HANGS_MS / 1000} s`],
    });
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
