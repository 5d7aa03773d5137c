import { describe, expect, it } from "vitest";
import { trackOf } from "../../test/track-of.ts";
import { videoIndex } from "../index/video-index.ts";
import type { AccessPattern } from "./access-pattern.ts";
import { aheadPlanner } from "./ahead-planner.ts";

/** 20 frames with a key one every 10. */
const index = videoIndex(
  trackOf(Array.from({ length: 20 }, (_, at) => ({ pts: at, flags: at % 10 === 0 ? 1 : 0 }))),
);
const ROOM = 2 ** 20;

/** The plan for a request behind another. */
function framesAhead(
  frame: number,
  pattern: AccessPattern,
  cacheBytes: number,
  passed?: { last: number | undefined },
) {
  const planner = aheadPlanner(cacheBytes, passed !== undefined);
  if (passed?.last !== undefined) planner.plan(index, passed.last, { kind: "random" }, false);
  return planner.plan(index, frame, pattern, false);
}

describe("aheadPlanner", () => {
  it("fetches nothing beside a frame that was asked for out of order", () => {
    expect(framesAhead(15, { kind: "random" }, ROOM)).toEqual({ goOn: false, ahead: [] });
  });

  it("keeps what is passed on the way, to the key frame and no further, where that is wanted", () => {
    for (const last of [undefined, 5, 17]) {
      const plan = framesAhead(13, { kind: "random" }, ROOM, { last });
      expect(plan).toEqual({ goOn: false, ahead: [12, 11, 10] });
    }
  });

  it("goes on to the end of a group that is entered a second time further on", () => {
    const plan = framesAhead(13, { kind: "random" }, ROOM, { last: 11 });
    expect(plan.ahead).toEqual([14, 15, 16, 17, 18, 19, 12, 11, 10]);
  });

  it("follows a stride forwards across key frames, and backwards within a group", () => {
    expect(framesAhead(14, { kind: "stride", stride: 3 }, ROOM).ahead).toEqual([17]);
    expect(framesAhead(9, { kind: "stride", stride: -4 }, ROOM).ahead).toEqual([5, 1]);
  });

  it("takes a quarter of the cache at most, and half of it for what is passed", () => {
    // A frame of 4 x 4 takes 24 bytes.
    expect(framesAhead(0, { kind: "stride", stride: 1 }, 24 * 4 * 3).ahead).toHaveLength(3);
    const half = framesAhead(19, { kind: "random" }, 24 * 2 * 2, { last: 18 });
    expect(half.ahead).toEqual([18, 17]);
  });

  it("asks for more when half of what it fetched forwards is used up, and backwards when all of it is", () => {
    const long = videoIndex(
      trackOf(Array.from({ length: 200 }, (_, at) => ({ pts: at, flags: at === 0 ? 1 : 0 }))),
    );
    const planner = aheadPlanner(24 * 4 * 10);
    const forwards: AccessPattern = { kind: "stride", stride: 1 };
    const lengths = [0, 1, 4, 5, 6].map(
      (frame) => planner.plan(long, frame, forwards, frame > 0).ahead.length,
    );
    expect(lengths).toEqual([10, 0, 0, 5, 0]);
    const backwards: AccessPattern = { kind: "stride", stride: -1 };
    const back = (
      [
        [150, false],
        [149, true],
        [141, true],
        [139, false],
      ] as const
    ).map(([frame, cached]) => planner.plan(long, frame, backwards, cached).ahead.length);
    expect(back).toEqual([10, 0, 0, 10]);
  });
});
