import { type Clip, readBarcode } from "../src/testing/index.ts";
import type { RawFrame, Video } from "../src/video.ts";

/** What was seen of one clip. */
export interface ClipVerdict {
  readonly frames: number;
  /** Frames that were said to be whole. */
  readonly whole: number;
  /** Everything that is not as it should be, in words. */
  readonly wrong: readonly string[];
}

/**
 * Asks for frames in an order and compares each that is said to be whole with the number in its pixels. Frames of
 * sound clips must all be whole.
 */
export async function judgeClip(
  video: Video,
  clip: Clip,
  order: readonly number[],
): Promise<ClipVerdict> {
  const wrong: string[] = [];
  let whole = 0;
  if (video.info.frameCount !== clip.numbers.length) {
    wrong.push(`${video.info.frameCount} frames in place of ${clip.numbers.length}`);
  }
  for (const index of order) {
    using result = await video.frameAt(index);
    if (result.status === "ok") whole += 1;
    const mistake = judgeFrame(result, clip, index);
    if (mistake !== undefined) wrong.push(mistake);
  }
  return { frames: order.length, whole, wrong };
}

/** What is wrong with a frame; undefined when nothing is. */
export function judgeFrame(result: RawFrame, clip: Clip, index: number): string | undefined {
  if (result.index !== index) return `frame ${result.index} came for ${index}`;
  if (result.status !== "ok") {
    return clip.state === "damaged" ? undefined : `frame ${index} is ${result.status}`;
  }
  if (!clip.barcode) return undefined;
  const seen = readBarcode(result.frame);
  return seen === clip.numbers[index]
    ? undefined
    : `frame ${index} shows ${seen ?? "no number"} in place of ${clip.numbers[index]}, and is said to be ${result.exactness}`;
}

/** Ways to go through a clip. */
export const ORDERS: Readonly<Record<string, (count: number, seed: number) => readonly number[]>> =
  {
    forward: (count) => [...Array(count).keys()],
    reverse: (count) => [...Array(count).keys()].reverse(),
    stride: (count, seed) =>
      [...Array(count).keys()].map((at) => (at * (2 * (seed % 5) + 3)) % count),
    random: (count, seed) => shuffled(count, seed),
    /** Back and forth in small steps, as a hand on a slider. */
    scrub(count, seed) {
      const order: number[] = [];
      let at = seed % count;
      let step = 1;
      for (const turn of shuffled(count, seed)) {
        if (turn % 7 === 0) step = -step * ((turn % 3) + 1);
        if (Math.abs(step) > 5) step = Math.sign(step);
        at = Math.min(count - 1, Math.max(0, at + step));
        order.push(at, at);
      }
      return order;
    },
  };

/** The numbers below `count` in an order that follows from a seed (Fisher and Yates; mulberry32 by T. Ettinger). */
export function shuffled(count: number, seed: number): readonly number[] {
  const order = [...Array(count).keys()];
  let state = seed >>> 0;
  for (let at = count - 1; at > 0; at--) {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    const other = Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * (at + 1));
    [order[at], order[other]] = [order[other] as number, order[at] as number];
  }
  return order;
}
