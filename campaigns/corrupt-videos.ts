import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MillraceError } from "@millrace/core";
import { openFrameCount, type VideoDecoderBackend } from "@millrace/media";
import { nodeAv } from "@millrace/media/node-av";
import { createVideoLibrary } from "@millrace/video-index";
import { makeClips } from "@millrace/video-index/testing";
import { shuffled } from "../packages/video-index/test/judge-clip.ts";

/** What opening damaged files came to. */
export interface CorruptResult {
  readonly files: number;
  readonly opened: number;
  /** How often each error was given. */
  readonly codes: Readonly<Record<string, number>>;
  readonly descriptorsLeft: number;
  readonly framesLeft: number;
  readonly differences: readonly string[];
}

/** Frames of a file that are asked for. */
const LOOKS = 5;
const SLOW_MS = 30_000;

/**
 * Damages clips in a way that follows from a seed (bytes changed, parts cut out, repeated or set to their edges, ends cut
 * off; half of the changes where the headers are), opens them and asks for some frames. Each must open or be refused
 * with an error of ours, in time, and leave nothing behind.
 */
export async function openCorrupt(from: number, count: number): Promise<CorruptResult> {
  const clips = await makeClips(join(tmpdir(), "millrace-clips"));
  const place = await mkdtemp(join(tmpdir(), "millrace-corrupt-"));
  const names = clips.clips.map(({ name }) => name);
  const codes: Record<string, number> = {};
  const differences: string[] = [];
  let opened = 0;
  const framesBefore = openFrameCount();
  await using av = nodeAv({ workers: 2 });
  // The workers' own files are open before counting begins.
  await Promise.all([0, 1].map((at) => openOne(av.decoder, clips.pathOf(names[at] as string))));
  const before = await openDescriptors();
  {
    await using library = createVideoLibrary({ decoder: av.decoder, cacheBytes: 2 ** 22 });
    for (let seed = from; seed < from + count; seed++) {
      const name = names[seed % names.length] as string;
      const path = join(place, `${seed}-${name}`);
      await writeFile(path, damaged(await readFile(clips.pathOf(name)), seed));
      const startedMs = performance.now();
      try {
        await using video = await library.open(path);
        opened += 1;
        for (const frame of shuffled(video.info.frameCount, seed).slice(0, LOOKS)) {
          using _ = await video.frameAt(frame);
        }
      } catch (error) {
        const code = MillraceError.is(error) ? error.code : "none";
        codes[code] = (codes[code] ?? 0) + 1;
        if (code === "none" || code === "INTERNAL") {
          differences.push(`seed ${seed}, ${name}: ${(error as Error).stack}`);
        }
      }
      if (performance.now() - startedMs > SLOW_MS)
        differences.push(
          `seed ${seed}, ${name}: it took ${Math.round(performance.now() - startedMs)} ms`,
        );
      await rm(path);
    }
  }
  await rm(place, { recursive: true });
  const descriptorsLeft = (await openDescriptors()) - before;
  const framesLeft = openFrameCount() - framesBefore;
  if (descriptorsLeft > 0) differences.push(`${descriptorsLeft} descriptors are left open`);
  if (framesLeft > 0) differences.push(`${framesLeft} frames are left open`);
  return { files: count, opened, codes, descriptorsLeft, framesLeft, differences };
}

async function openOne(decoder: VideoDecoderBackend, path: string): Promise<void> {
  await using library = createVideoLibrary({ decoder });
  const video = await library.open(path);
  using _ = await video.frameAt(0);
}

async function openDescriptors(): Promise<number> {
  return (await readdir("/proc/self/fd")).length;
}

/** Numbers that fields are set to. */
const EDGES = [0, 1, 0x7f, 0x80, 0xff];

function damaged(bytes: Buffer, seed: number): Uint8Array {
  const numbers = shuffled(4096, seed);
  let next = 0;
  const pick = (below: number): number => {
    const number = numbers[next++ % numbers.length] as number;
    return Math.floor((((number * 7919 + next * 104_729) % 65_536) / 65_536) * below);
  };
  let result: Uint8Array = bytes;
  for (let change = pick(6); change >= 0; change--) {
    // Headers lie at the start, and in many files at the end.
    const where = [result.length, Math.min(1500, result.length), result.length][pick(3)] as number;
    const at = pick(2) === 0 ? pick(where) : Math.max(0, result.length - 1 - pick(where));
    const length = 1 + pick(pick(2) === 0 ? 4 : 400);
    const copy = Uint8Array.from(result);
    switch (pick(5)) {
      case 0:
        for (let index = 0; index < Math.min(length, 8); index++) copy[at + index] = pick(256);
        result = copy;
        break;
      case 1:
        copy.fill(EDGES[pick(EDGES.length)] as number, at, at + Math.min(length, 8));
        result = copy;
        break;
      case 2:
        result = Buffer.concat([result.subarray(0, at), result.subarray(at + length)]);
        break;
      case 3:
        result = Buffer.concat([result.subarray(0, at + length), result.subarray(at)]);
        break;
      default:
        result = pick(4) === 0 ? result.subarray(0, Math.max(1, at)) : copy;
    }
  }
  return result;
}
