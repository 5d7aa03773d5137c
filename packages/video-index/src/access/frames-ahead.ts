import { decodeStart, type VideoIndex } from "../index/video-index.ts";
import type { AccessPattern } from "./access-pattern.ts";

/** What is fetched beside a frame that was asked for. */
export interface AheadPlan {
  /** Leave the decoder where it can go on. */
  readonly goOn: boolean;
  /** Frames that will probably be asked for next. */
  readonly ahead: readonly number[];
}

const NOTHING: AheadPlan = { goOn: false, ahead: [] };
/** Frames that are fetched ahead at most. */
const MOST = 32;
/** The part of the cache that they may take. */
const SHARE = 1 / 4;
/** The same of frames that are decoded anyway. */
const MOST_PASSED = 128;
const SHARE_PASSED = 1 / 2;
/** Bytes of a pixel of the most frequent format, 4:2:0. */
const PIXEL_BYTES = 1.5;

/** What is worth keeping where frames that are decoded on the way cost nothing but memory. */
export interface PassedFrames {
  /** The frame that was asked for before. */
  readonly last: number | undefined;
}

/**
 * What to fetch ahead. Backwards it is the frames before in the same group of pictures, which are decoded on the way to
 * the one that was asked for, so that they cost nothing but their place in the cache; forwards it is the next few.
 *
 * @param passed - without a pattern, too, keep the frames before; and those behind, to the end of the group, when it is
 * entered a second time further on, as by a hand on a slider: else each step would decode the group from its start
 */
export function framesAhead(
  index: VideoIndex,
  frame: number,
  pattern: AccessPattern,
  cacheBytes: number,
  passed?: PassedFrames,
): AheadPlan {
  const [config] = index.track.configs;
  const frameBytes = (config?.codedWidth ?? 0) * (config?.codedHeight ?? 0) * PIXEL_BYTES;
  const roomFor = (most: number, share: number): number =>
    Math.min(most, Math.floor((cacheBytes * share) / Math.max(1, frameBytes)));
  const groupOf = (one: number): number => decodeStart(index, index.packetOf[one] ?? 0);
  const group = groupOf(frame);
  /** The next frames in steps, to the end of the video or only of the group. */
  const next = (stride: number, most: number, inGroup: boolean): readonly number[] => {
    const ahead: number[] = [];
    for (let at = frame + stride; ahead.length < most; at += stride) {
      if (at < 0 || at >= index.frameCount || (inGroup && groupOf(at) !== group)) break;
      ahead.push(at);
    }
    return ahead;
  };
  if (pattern.kind === "stride") {
    const { stride } = pattern;
    return { goOn: stride > 0, ahead: next(stride, roomFor(MOST, SHARE), stride < 0) };
  }
  if (passed === undefined) return NOTHING;
  const { last } = passed;
  const room = roomFor(MOST_PASSED, SHARE_PASSED);
  const goesOn = last !== undefined && last < frame && groupOf(last) === group;
  const behind = goesOn ? next(1, room, true) : [];
  return { goOn: false, ahead: [...behind, ...next(-1, room - behind.length, true)] };
}
