import { tmpdir } from "node:os";
import { join } from "node:path";
import { openFrameCount } from "@millrace/media";
import { nodeAv } from "@millrace/media/node-av";
import { createVideoLibrary } from "@millrace/video-index";
import { makeClips } from "@millrace/video-index/testing";
import { judgeFrame, shuffled } from "../packages/video-index/test/judge-clip.ts";

/** What many requests over many open videos came to. */
export interface ManyResult {
  readonly requests: number;
  readonly cacheMb: number;
  /** Growth of the resident memory over what it was before the first video was opened, at most. */
  readonly growthMb: number;
  readonly hitRate: number;
  readonly differences: readonly string[];
}

const MB = 2 ** 20;
const AT_ONCE = 8;

/**
 * Opens 50 videos at once and asks for frames at random, some of the requests given up soon after. Every frame is
 * judged, and the memory watched.
 */
export async function askMany(requests: number, seed: number): Promise<ManyResult> {
  const folder = await makeClips(join(tmpdir(), "millrace-clips"));
  const clips = folder.clips.filter(({ state }) => state === "sound").slice(0, 50);
  const cacheBytes = 64 * MB;
  const differences: string[] = [];
  await using av = nodeAv({ workers: 2, spareBytes: 32 * MB });
  await av.decoder.check();
  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  let most = before;
  let hitRate = 0;
  {
    await using library = createVideoLibrary({ decoder: av.decoder, cacheBytes, decoders: 4 });
    const videos = await Promise.all(clips.map((clip) => library.open(folder.pathOf(clip.name))));
    const order = shuffled(requests, seed);
    const next = order[Symbol.iterator]();
    const work = async (): Promise<void> => {
      for (const number of next) {
        const at = (number * 31) % videos.length;
        const [video, clip] = [videos[at], clips[at]];
        if (video === undefined || clip === undefined) continue;
        const frame = (number * 7919) % clip.numbers.length;
        const givenUp = number % 10 === 0;
        const signal = AbortSignal.timeout(givenUp ? number % 7 : 120_000);
        try {
          using result = await video.frameAt(frame, { signal });
          const mistake = judgeFrame(result, clip, frame);
          if (mistake !== undefined) differences.push(`${clip.name}: ${mistake}`);
        } catch (error) {
          if (!givenUp)
            differences.push(`${clip.name}, frame ${frame}: ${(error as Error).message}`);
        }
        most = Math.max(most, process.memoryUsage.rss());
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    const { hits, misses, sizeBytes } = library.cache;
    hitRate = hits / (hits + misses);
    if (sizeBytes > cacheBytes) differences.push(`the cache holds ${sizeBytes} bytes`);
  }
  if (openFrameCount() > 0) differences.push(`${openFrameCount()} frames are left open`);
  const growthMb = (most - before) / MB;
  return { requests, cacheMb: cacheBytes / MB, growthMb, hitRate, differences };
}
