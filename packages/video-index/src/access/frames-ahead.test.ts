import { describe, expect, it } from "vitest";
import { trackOf } from "../../test/track-of.ts";
import { videoIndex } from "../index/video-index.ts";
import { framesAhead } from "./frames-ahead.ts";

/** 20 frames with a key one every 10. */
const index = videoIndex(
  trackOf(Array.from({ length: 20 }, (_, at) => ({ pts: at, flags: at % 10 === 0 ? 1 : 0 }))),
);
const ROOM = 2 ** 20;

describe("framesAhead", () => {
  it("fetches nothing beside a frame that was asked for out of order", () => {
    expect(framesAhead(index, 15, { kind: "random" }, ROOM)).toEqual({ goOn: false, ahead: [] });
  });

  it("keeps what is passed on the way, to the key frame and no further, where that is wanted", () => {
    for (const last of [undefined, 5, 17]) {
      const plan = framesAhead(index, 13, { kind: "random" }, ROOM, { last });
      expect(plan).toEqual({ goOn: false, ahead: [12, 11, 10] });
    }
  });

  it("goes on to the end of a group that is entered a second time further on", () => {
    const plan = framesAhead(index, 13, { kind: "random" }, ROOM, { last: 11 });
    expect(plan.ahead).toEqual([14, 15, 16, 17, 18, 19, 12, 11, 10]);
  });

  it("follows a stride forwards across key frames, and backwards within a group", () => {
    expect(framesAhead(index, 14, { kind: "stride", stride: 3 }, ROOM).ahead).toEqual([17]);
    expect(framesAhead(index, 9, { kind: "stride", stride: -4 }, ROOM).ahead).toEqual([5, 1]);
  });

  it("takes a quarter of the cache at most, and half of it for what is passed", () => {
    // A frame of 4 x 4 takes 24 bytes.
    expect(framesAhead(index, 0, { kind: "stride", stride: 1 }, 24 * 4 * 3).ahead).toHaveLength(3);
    expect(framesAhead(index, 19, { kind: "random" }, 24 * 2 * 2, { last: 18 }).ahead).toEqual([
      18, 17,
    ]);
  });
});
