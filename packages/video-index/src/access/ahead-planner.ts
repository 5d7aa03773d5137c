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
/** The same of frames that are kept because they are decoded anyway. */
const MOST_PASSED = 128;
const SHARE_PASSED = 1 / 2;
/** Bytes of a pixel of the most frequent format, 4:2:0. */
const PIXEL_BYTES = 1.5;

/**
 * Forwards, the next few frames, and more of them when half of those are used up. Backwards, when there is none left,
 * the frames before in the same group of pictures: they are decoded anyway on the way to the one that was asked for, so
 * that a group is decoded once if the cache has room for it.
 *
 * @param cacheBytes - the budget of the cache
 * @param keepsPassed - without a pattern, too, keep the frames before; and those behind, to the end of the group, when it
 * is entered a second time further on, as by a hand on a slider: else each step would decode the group from its start
 */
export function aheadPlanner(cacheBytes: number, keepsPassed = false): AheadPlanner {
  let steps: { readonly stride: number; readonly until: number } | undefined;
  let last: number | undefined;

  const roomFor = (index: VideoIndex, most: number, share: number): number => {
    const [config] = index.track.configs;
    const frameBytes = (config?.codedWidth ?? 0) * (config?.codedHeight ?? 0) * PIXEL_BYTES;
    return Math.min(most, Math.floor((cacheBytes * share) / Math.max(1, frameBytes)));
  };
  const groupOf = (index: VideoIndex, frame: number): number =>
    decodeStart(index, index.packetOf[frame] ?? 0);
  /** Frames in steps behind one, within its group of pictures. */
  const inGroup = (index: VideoIndex, frame: number, stride: number, most: number): number[] => {
    const group = groupOf(index, frame);
    const found: number[] = [];
    for (let at = frame + stride; found.length < most; at += stride) {
      if (at < 0 || at >= index.frameCount || groupOf(index, at) !== group) break;
      found.push(at);
    }
    return found;
  };

  const passed = (index: VideoIndex, frame: number, before: number | undefined): AheadPlan => {
    const room = roomFor(index, MOST_PASSED, SHARE_PASSED);
    const further = before !== undefined && before < frame;
    const goesOn = further && groupOf(index, before) === groupOf(index, frame);
    const behind = goesOn ? inGroup(index, frame, 1, room) : [];
    return { goOn: false, ahead: [...behind, ...inGroup(index, frame, -1, room - behind.length)] };
  };

  const forwards = (index: VideoIndex, frame: number, stride: number): AheadPlan => {
    const room = roomFor(index, MOST_FORWARDS, SHARE);
    const from = steps?.stride === stride ? Math.max(frame, steps.until) : frame;
    if (from - frame > (room / 2) * stride) return { goOn: true, ahead: [] };
    const ahead: number[] = [];
    const end = Math.min(index.frameCount - 1, frame + room * stride);
    for (let next = from + stride; next <= end; next += stride) ahead.push(next);
    steps = { stride, until: ahead.at(-1) ?? from };
    return { goOn: true, ahead };
  };

  return {
    plan(index, frame, pattern, cached) {
      const before = last;
      last = frame;
      if (pattern.kind === "stride" && pattern.stride > 0) {
        return forwards(index, frame, pattern.stride);
      }
      steps = undefined;
      if (pattern.kind === "random") return keepsPassed ? passed(index, frame, before) : NOTHING;
      if (cached) return NOTHING;
      const room = roomFor(index, MOST_BACKWARDS, SHARE);
      return { goOn: false, ahead: inGroup(index, frame, pattern.stride, room) };
    },
  };
}
