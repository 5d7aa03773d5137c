import type { FrameHub } from "../hub/frame-hub.ts";
import { createFramePace } from "../hub/frame-pace.ts";
import type { Rendition } from "../hub/rendition.ts";
import type { SocketWishes } from "../messages/socket-messages.ts";

/** One of the sizes that encoded video is sent in. */
export interface SocketRung {
  /** Rows at most; a source with fewer stays as it is. */
  readonly height: number;
  /** Bits a second. */
  readonly bitrate: number;
}

/** Sizes that roads of a few megabits down to a few hundred kilobits carry. */
export const DEFAULT_RUNGS: readonly SocketRung[] = [
  { height: 720, bitrate: 2_000_000 },
  { height: 480, bitrate: 800_000 },
  { height: 270, bitrate: 300_000 },
];

/** What a viewer is sent. */
export interface ChosenRenditions {
  /** The best first. */
  readonly rungs: readonly Rendition[];
  readonly isStill: boolean;
  isWanted(timestamp: number): boolean;
}

// Wishes are rounded to these: each wish of its own would be an encoding of its own.
const RATES = [1, 2, 5, 10, 15, 20, 25, 30, 60];
const HEIGHTS = [90, 180, 270, 360, 480, 720, 1_080, 2_160];
const WIDTHS = [160, 320, 480, 640, 960, 1_280, 1_920, 3_840];
const QUALITY_STEP = 10;

/**
 * Finds what of a hub comes next to a viewer's wishes, and no larger.
 *
 * @throws MillraceError as `FrameHub.pictures` and `FrameHub.video`
 */
export function chooseRenditions(
  hub: FrameHub,
  wishes: SocketWishes,
  ladder: readonly SocketRung[],
): ChosenRenditions {
  const { codec, width, height, quality, framerate } = wishes;
  if (codec === "jpeg") {
    const size =
      height !== undefined
        ? { height: atMost(HEIGHTS, height) }
        : width !== undefined && { width: atMost(WIDTHS, width) };
    const rendition = hub.pictures({
      ...size,
      ...(quality !== undefined && {
        quality: Math.max(QUALITY_STEP, Math.round(quality / QUALITY_STEP) * QUALITY_STEP),
      }),
    });
    // Each picture stands for itself: a viewer that wants fewer needs no encoding of its own.
    return { rungs: [rendition], isStill: true, isWanted: createFramePace(framerate) };
  }
  const most = height ?? (width === undefined ? Number.POSITIVE_INFINITY : (width * 9) / 16);
  const fitting = ladder.filter((rung) => rung.height <= most);
  const smallest = ladder.at(-1) as SocketRung;
  const chosen = fitting.length > 0 ? fitting : [{ ...smallest, height: atMost(HEIGHTS, most) }];
  const rungs = chosen.map(({ height: maxHeight, bitrate }) =>
    hub.video({
      family: codec,
      maxHeight,
      bitrate,
      ...(framerate !== undefined && { framerate: atMost(RATES, framerate) }),
    }),
  );
  return { rungs, isStill: false, isWanted: () => true };
}

function atMost(steps: readonly number[], wished: number): number {
  return steps.findLast((step) => step <= wished) ?? (steps[0] as number);
}
