import type { PictureSpec } from "../hub/rendition.ts";

/** Picks which of several renditions a viewer gets, from 0 for the best one. */
export interface RenditionLadder {
  /** A frame was there for the viewer, whether or not it was sent. */
  offered(): void;
  /** A frame of the present step was sent. */
  sent(sizeBytes: number): void;
  /**
   * Judges the time since the last call, about a second.
   *
   * @param bytesPerSecond - what the road carries, undefined when it is not slow
   * @returns the step to be on from now on
   */
  judge(bytesPerSecond: number | undefined): number;
}

/** A step that carries less than this share of the frames is too much for the road. */
const TOO_FEW = 0.5;
/** Going up is tried when the road carries this share of the frames of the step above. */
const ENOUGH = 0.7;
/** Judgements in a row before a step down. */
const DOWN_AFTER = 2;
/** Judgements in a row before a step up; twice as many after each step up that did not last. */
const UP_AFTER = 5;
const UP_AFTER_MOST = 60;
/** A step up that is taken back within so many judgements did not last. */
const LASTS = 10;

/** A ladder of one viewer, which begins at the top. */
export function createRenditionLadder(steps: number): RenditionLadder {
  const sizes: (number | undefined)[] = [];
  let step = 0;
  let offered = 0;
  let bad = 0;
  let good = 0;
  let upAfter = UP_AFTER;
  let sinceUp = Number.POSITIVE_INFINITY;
  return {
    offered() {
      offered++;
    },
    sent(sizeBytes) {
      const size = sizes[step];
      sizes[step] = size === undefined ? sizeBytes : size * 0.9 + sizeBytes * 0.1;
    },
    judge(bytesPerSecond) {
      const wanted = offered;
      offered = 0;
      sinceUp++;
      const carries = (at: number, share: number): boolean =>
        bytesPerSecond === undefined || bytesPerSecond >= (sizes[at] ?? 0) * wanted * share;
      bad = carries(step, TOO_FEW) ? 0 : bad + 1;
      good = step > 0 && carries(step - 1, ENOUGH) ? good + 1 : 0;
      if (bad >= DOWN_AFTER && step < steps - 1) {
        if (sinceUp <= LASTS) upAfter = Math.min(UP_AFTER_MOST, upAfter * 2);
        sinceUp = Number.POSITIVE_INFINITY;
        step++;
        bad = 0;
      } else if (good >= upAfter) {
        step--;
        good = 0;
        sinceUp = 0;
      } else if (sinceUp === LASTS + 1) {
        upAfter = UP_AFTER;
      }
      return step;
    },
  };
}

/** Qualities that a slow viewer is taken down to, and at the end half the size. */
const QUALITIES = [60, 40];
const DEFAULT_QUALITY = 80;

/** The steps below a wish, the wish itself first. */
export function ladderOf(wish: PictureSpec, width: number): readonly PictureSpec[] {
  const quality = wish.quality ?? DEFAULT_QUALITY;
  const lower = QUALITIES.filter((one) => one < quality).map((one) => ({ ...wish, quality: one }));
  const least = Math.min(quality, ...QUALITIES);
  const { height: _, ...shape } = wish;
  const half = { ...shape, width: Math.max(16, 2 * Math.round(width / 4)), quality: least };
  return [wish, ...lower, half];
}
