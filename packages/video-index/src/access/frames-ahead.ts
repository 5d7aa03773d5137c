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
/** Bytes of a pixel of the most frequent format, 4:2:0. */
const PIXEL_BYTES = 1.5;

/**
 * What to fetch ahead. Backwards it is the frames before in the same group of pictures, which are decoded on the way to
 * the one that was asked for, so that they cost nothing but their place in the cache; forwards it is the next few.
 *
 * @param keepsPassed - without a pattern, too, keep the frames before, as if it were backwards
 */
export function framesAhead(
  index: VideoIndex,
  frame: number,
  pattern: AccessPattern,
  cacheBytes: number,
  keepsPassed = false,
): AheadPlan {
  if (pattern.kind === "random" && !keepsPassed) return NOTHING;
  const stride = pattern.kind === "random" ? -1 : pattern.stride;
  const [config] = index.track.configs;
  const frameBytes = (config?.codedWidth ?? 0) * (config?.codedHeight ?? 0) * PIXEL_BYTES;
  const room = Math.min(MOST, Math.floor((cacheBytes * SHARE) / Math.max(1, frameBytes)));
  const ahead: number[] = [];
  const group = decodeStart(index, index.packetOf[frame] ?? 0);
  for (let step = 1; step <= room; step++) {
    const next = frame + step * stride;
    if (next < 0 || next >= index.frameCount) break;
    if (stride < 0 && decodeStart(index, index.packetOf[next] as number) !== group) break;
    ahead.push(next);
  }
  return { goOn: stride > 0, ahead };
}
