import { MillraceError } from "@millrace/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { trackOf } from "../../test/track-of.ts";
import { PacketFlag } from "../container/packet-table.ts";
import { presentationOrder } from "./presentation-order.ts";
import { decodeStart, findFrame, frameDuration, framePts, videoIndex } from "./video-index.ts";

const { key, discard, hidden } = PacketFlag;

describe("presentationOrder", () => {
  it("sorts by pts, and by the order of decoding where pts are equal", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -50, max: 50 }), { maxLength: 300 }), (times) => {
        const { packets } = trackOf(times.map((pts) => ({ pts })));
        const expected = times
          .map((pts, at) => ({ pts, at }))
          .sort((a, b) => a.pts - b.pts || a.at - b.at);
        expect([...presentationOrder(packets)]).toEqual(expected.map(({ at }) => at));
      }),
    );
  });

  it("does not take forever where times go backwards all the way", () => {
    const times = Array.from({ length: 200_000 }, (_, at) => ({ pts: -at }));
    expect(presentationOrder(trackOf(times).packets)[0]).toBe(199_999);
  });
});

describe("videoIndex", () => {
  it("gives no number to what is never shown", () => {
    const index = videoIndex(
      trackOf([
        { pts: 0, flags: key | discard },
        { pts: 10, flags: discard },
        { pts: 30 },
        { pts: 20 },
        { pts: 25, flags: hidden },
        { pts: 40 },
      ]),
    );
    expect(index.frameCount).toBe(3);
    expect([0, 1, 2].map((frame) => framePts(index, frame))).toEqual([20, 30, 40]);
    expect([...index.frameOf]).toEqual([-1, -1, 1, 0, -1, 2]);
    expect([0, 1, 2].map((frame) => frameDuration(index, frame))).toEqual([10, 10, 1]);
  });

  it("begins at the key packet before for what is shown before its own", () => {
    // I0 P3 B1 B2 | I6 B4 B5 P7, where B4 and B5 may refer to P3.
    const times = [0, 3, 1, 2, 6, 4, 5, 7];
    const index = videoIndex(
      trackOf(times.map((pts, at) => ({ pts, flags: at === 0 || at === 4 ? key : 0 }))),
    );
    expect(times.map((_, at) => decodeStart(index, at))).toEqual([0, 0, 0, 0, 4, 0, 0, 4]);
  });

  it("never begins before a change of parameters", () => {
    const index = videoIndex(
      trackOf([
        { pts: 0, flags: key },
        { pts: 9, flags: key, config: 1 },
        { pts: 8, config: 1 },
      ]),
    );
    expect(decodeStart(index, 2)).toBe(1);
  });
});

describe("findFrame", () => {
  const times = [100, 140, 141, 200];
  const index = videoIndex(trackOf(times.map((pts) => ({ pts, flags: key }))));

  it.each([
    ["at-or-before", 0.15, 2],
    ["at-or-before", 99, 3],
    ["at-or-after", 0.15, 3],
    ["at-or-after", 0, 0],
    ["nearest", 0.15, 2],
    ["nearest", 0.19, 3],
    ["nearest", -5, 0],
    ["nearest", 5, 3],
    ["exact", 0.141, 2],
  ] as const)("finds the frame that is %s %d s", (rule, seconds, frame) => {
    expect(findFrame(index, seconds, rule)).toBe(frame);
  });

  it.each([
    ["at-or-before", 0.05],
    ["at-or-after", 0.3],
    ["exact", 0.15],
    ["at-or-before", Number.NaN],
  ] as const)("says which frames there are where none is %s %d s", (rule, seconds) => {
    expect(() => findFrame(index, seconds, rule)).toThrow(/from 0.1 s to 0.2 s/);
    expect(() => findFrame(index, seconds, rule)).toThrow(MillraceError);
  });

  it("finds every frame by its own time, however it was rounded (NTSC, mediabunny#207)", () => {
    const den = 30_000;
    const ntsc = {
      ...trackOf(Array.from({ length: 5000 }, (_, at) => ({ pts: at * 1001 }))),
      timeBase: { num: 1, den },
    };
    const made = videoIndex(ntsc);
    for (let frame = 0; frame < 5000; frame++) {
      const seconds = (frame * 1001) / den;
      for (const written of [seconds, Number(seconds.toFixed(6)), frame / (den / 1001)]) {
        expect(findFrame(made, written, "at-or-before")).toBe(frame);
      }
    }
  });
});
