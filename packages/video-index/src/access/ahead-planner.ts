import { decodeStart, type VideoIndex } from "../index/video-index.ts";
import type { AccessPattern } from "./access-pattern.ts";

/** What is fetched beside a frame that was asked for. */
export interface AheadPlan {
  /** Leave the decoder where it can go on. */
  readonly goOn: boolean;
  /** Frames that will probably be asked for next. */
  readonly ahead: readonly number[];
}

/** Decides what to fetch ahead, request after request. */
export interface AheadPlanner {
  /** @param cached - whether the frame that is asked for is in the cache */
  plan(index: VideoIndex, frame: number, pattern: AccessPattern, cached: boolean): AheadPlan;
}

const NOTHING: AheadPlan = { goOn: false, ahead: [] };
/** Frames that are fetched ahead at most, forwards and backwards. */
const MOST_FORWARDS = 32;
const MOST_BACKWARDS = 512;
/** The part of the cache that they may take. */
const SHARE = 1 / 4;
/** Bytes of a pixel of the most frequent format, 4:2:0. */
const PIXEL_BYTES = 1.5;

/**
 * Forwards, the next few frames, and more of them when half of those are used up. Backwards, when there is none left,
 * the frames before in the same group of pictures: they are decoded anyway on the way to the one that was asked for, so
 * that a group is decoded once if the cache has room for it.
 *
 * @param cacheBytes - the budget of the cache
 * @param keepsPassed - without a pattern, too, keep the frames before, as if it were backwards
 */
export function aheadPlanner(cacheBytes: number, keepsPassed = false): AheadPlanner {
  let last: { readonly stride: number; readonly until: number } | undefined;
  return {
    plan(index, frame, pattern, cached) {
      if (pattern.kind === "random" && !keepsPassed) {
        last = undefined;
        return NOTHING;
      }
      const stride = pattern.kind === "random" ? -1 : pattern.stride;
      const room = roomFor(index, cacheBytes, stride);
      const goOn = stride > 0;
      if (!goOn && cached) return NOTHING;
      const from = last?.stride === stride && goOn ? Math.max(frame, last.until) : frame;
      if (goOn && from - frame > (room / 2) * stride) return { goOn, ahead: [] };
      const group = decodeStart(index, index.packetOf[frame] ?? 0);
      const ahead: number[] = [];
      for (let next = from + stride; ahead.length < room; next += stride) {
        if (next < 0 || next >= index.frameCount) break;
        if (!goOn && decodeStart(index, index.packetOf[next] as number) !== group) break;
        if (goOn && next > frame + room * stride) break;
        ahead.push(next);
      }
      last = { stride, until: ahead.at(-1) ?? from };
      return { goOn, ahead };
    },
  };
}

/** How many frames the share of the cache has room for. */
function roomFor(index: VideoIndex, cacheBytes: number, stride: number): number {
  const [config] = index.track.configs;
  const frameBytes = (config?.codedWidth ?? 0) * (config?.codedHeight ?? 0) * PIXEL_BYTES;
  const most = stride > 0 ? MOST_FORWARDS : MOST_BACKWARDS;
  return Math.min(most, Math.floor((cacheBytes * SHARE) / Math.max(1, frameBytes)));
}
