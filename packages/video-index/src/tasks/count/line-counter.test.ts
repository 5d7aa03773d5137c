import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type TrackAt, tracksAt } from "../testing/tracks-at.ts";
import { type CountLine, lineCounter } from "./line-counter.ts";

/** Upright, at x = 100, from the top down: its right, as one walks, is where x is smaller. */
const LINE: CountLine = { name: "door", from: { x: 100, y: 50 }, to: { x: 100, y: 150 } };
const FPS = 10;

type Place = Omit<TrackAt, "id"> & { readonly id?: number };

/** Plays one track, a place a frame; undefined is a frame in which it is not seen. */
function walk(places: readonly (Place | undefined)[], options: Partial<CountLine> = {}) {
  const counter = lineCounter({ ...LINE, ...options });
  const events = places.flatMap((place, frame) =>
    counter.update(place ? tracksAt({ id: 1, ...place }) : tracksAt(), frame / FPS),
  );
  const { in: inwards, out } = counter.count();
  return { events, in: inwards.total, out: out.total, byClass: inwards.byClass, counter };
}
const along = (xs: readonly number[], y = 100): Place[] => xs.map((x) => ({ x, y }));

describe("lineCounter", () => {
  it("says direction, track, class, place on the line and the time between two frames", () => {
    const { events } = walk(
      along([70, 85, 95, 115, 130]).map((place) => ({ ...place, classId: 1 })),
    );
    expect(events).toEqual([
      {
        type: "line-cross",
        line: "door",
        direction: "out",
        trackId: 1,
        className: "car",
        // A quarter of the way from 95 to 115.
        time: expect.closeTo(0.225, 6),
        position: 0.5,
      },
    ]);
    expect(walk(along([130, 115, 95, 85])).events).toMatchObject([{ direction: "in" }]);
  });

  it("ends at its ends: the endless line is none (supervision 518)", () => {
    expect(walk(along([80, 90, 110, 120], 160)).events).toEqual([]);
    expect(walk(along([80, 90, 110, 120], 40)).events).toEqual([]);
    expect(walk(along([80, 90, 110, 120], 149)).events).toHaveLength(1);
  });

  it("does not count who walks around the end, even through the dead band", () => {
    const around = [
      { x: 80, y: 140 },
      { x: 90, y: 160 },
      { x: 99, y: 160 },
      { x: 101, y: 160 },
      { x: 101, y: 140 },
      { x: 120, y: 100 },
      { x: 120, y: 100 },
    ];
    expect(walk(around).events).toEqual([]);
  });

  it("counts by class", () => {
    const counter = lineCounter(LINE);
    for (const [frame, x] of [120, 110, 90, 80].entries()) {
      const both = tracksAt({ id: 1, x, y: 80 }, { id: 2, x, y: 120, classId: 1 });
      counter.update(both, frame / FPS);
    }
    expect(Object.fromEntries(counter.count().in.byClass)).toEqual({ person: 1, car: 1 });
    expect(counter.count()).toMatchObject({ in: { total: 2 }, out: { total: 0 } });
  });

  it("needs a settled side to come from (supervision 2598)", () => {
    // One frame on a side is a jump of the box and no walk.
    expect(walk(along([90, 110, 120, 130])).events).toEqual([]);
    expect(walk(along([80, 90, 110, 120])).events).toHaveLength(1);
    expect(walk(along([80, 80, 80, 110, 120]), { settleFrames: 3 }).events).toEqual([]);
    expect(walk(along([80, 80, 80, 110, 120, 120]), { settleFrames: 3 }).events).toHaveLength(1);
  });

  it("does not count who trembles on the line, in the dead band or a little beyond", () => {
    const trembling = Array.from({ length: 50 }, (_, i) => 100 + (i % 2 === 0 ? 3 : -3));
    expect(walk(along([80, 80, ...trembling])).events).toEqual([]);
    const within = Array.from({ length: 50 }, (_, i) => 100 + 4 * Math.sin(i / 3));
    const options = { deadBandPixels: 5 };
    expect(walk(along([80, 80, ...within]), options).events).toEqual([]);
    expect(walk(along([80, 80, ...within, 120, 120]), options).events).toHaveLength(1);
    expect(walk(along([80, 80, ...within, 80, 80]), options).events).toEqual([]);
  });

  it("sees the fast and the rarely seen, who are never near the line (supervision 1838)", () => {
    expect(walk(along([10, 40, 300, 330])).events).toMatchObject([{ position: 0.5 }]);
    expect(walk(along([10, 330]), { settleFrames: 1 }).events).toHaveLength(1);
  });

  it("counts a way through the line while the track was not seen, at the time in between", () => {
    const hidden = [...along([80, 90]), undefined, undefined, undefined, ...along([110, 120])];
    const { events } = walk(hidden);
    expect(events).toMatchObject([{ direction: "out", time: expect.closeTo(0.3, 6) }]);
  });

  it("takes no place for seen that is only expected", () => {
    const expected = along([110, 120, 130]).map((place) => ({ ...place, unseenSeconds: 0.1 }));
    expect(walk([...along([80, 90]), ...expected]).events).toEqual([]);
  });

  it("counts each way of one who comes back, or each way once", () => {
    const back = along([80, 90, 110, 120, 110, 90, 80, 90, 110, 120]);
    expect(walk(back)).toMatchObject({ in: 1, out: 2 });
    expect(walk(back, { recross: "once" })).toMatchObject({ in: 1, out: 1 });
  });

  it("heals a change of the number near the line, and no other one", () => {
    const changed = (id: number, y = 100): Place[] =>
      along([110, 120], y).map((place) => ({ ...place, id }));
    const before = along([70, 80, 90]);
    expect(walk([...before, ...changed(2)]).events).toMatchObject([
      { trackId: 2, direction: "out" },
    ]);
    expect(walk([...before, ...changed(2)], { healSeconds: 0 }).events).toEqual([]);
    expect(walk([...before, ...changed(2, 140)]).events).toEqual([]);
    const otherClass = changed(2).map((place) => ({ ...place, classId: 1 }));
    expect(walk([...before, ...otherClass]).events).toEqual([]);
    const late = [...before, ...Array<undefined>(8).fill(undefined), ...changed(2)];
    expect(walk(late).events).toEqual([]);
  });

  it("forgets sides when time goes backwards, and keeps its counts", () => {
    const counter = lineCounter(LINE);
    const at = (x: number, time: number) => counter.update(tracksAt({ id: 1, x, y: 100 }), time);
    for (const [frame, x] of [80, 90, 110, 120].entries()) at(x, 10 + frame / FPS);
    expect(counter.count().out.total).toBe(1);
    // The clip begins again, on the other side of the line.
    for (const [frame, x] of [80, 80, 90].entries()) expect(at(x, frame / FPS)).toEqual([]);
    expect(at(110, 0.3).concat(at(120, 0.4))).toHaveLength(1);
    counter.reset();
    expect([...at(80, 0.5), ...at(80, 0.6)]).toEqual([]);
    expect(counter.count()).toMatchObject({ in: { total: 0 }, out: { total: 2 } });
  });

  it("measures at the point of the box that is asked for", () => {
    const flat: CountLine = { name: "kerb", from: { x: 0, y: 100 }, to: { x: 200, y: 100 } };
    // Feet at 110, middle at 90.
    const feet = [70, 75, 90, 95].map((y) => ({ x: 50, y, size: 40 }));
    expect(walk(feet, flat).events).toEqual([]);
    expect(walk(feet, { ...flat, anchor: "bottom" }).events).toMatchObject([{ direction: "in" }]);
  });

  it("balances: ins less outs is the side at the end less the side at the start", () => {
    const ways = fc.array(fc.integer({ min: 60, max: 140 }), { minLength: 2, maxLength: 60 });
    fc.assert(
      fc.property(ways, (xs) => {
        // Two frames everywhere, so that every side settles.
        const held = xs.flatMap((x) => [x, x]);
        const result = walk(along(held));
        const sides = held.map((x) => (x < 98 ? 1 : x > 102 ? -1 : 0)).filter((side) => side !== 0);
        const [first = 0, last = 0] = [sides[0], sides.at(-1)];
        expect(result.in - result.out).toBe((last - first) / 2);
      }),
    );
  });

  it("refuses a line without length", () => {
    expect(() => lineCounter({ ...LINE, to: LINE.from })).toThrow(/"door" has no length/);
  });
});
