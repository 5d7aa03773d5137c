import { describe, expect, it } from "vitest";
import { tracksAt } from "../testing/tracks-at.ts";
import { type CountZone, zoneCounter } from "./zone-counter.ts";

/** An L: the square to 100, without its lower right quarter. */
const ZONE: CountZone = {
  name: "yard",
  polygon: [
    { x: 0, y: 0 },
    { x: 100, y: 0 },
    { x: 100, y: 50 },
    { x: 50, y: 50 },
    { x: 50, y: 100 },
    { x: 0, y: 100 },
  ],
};
const FPS = 10;

/** Plays one track along x, a frame a tenth of a second; undefined is a frame in which it is not seen. */
function stay(xs: readonly (number | undefined)[], options: Partial<CountZone> = {}) {
  const counter = zoneCounter({ ...ZONE, ...options });
  const events = xs.flatMap((x, frame) =>
    counter.update(x === undefined ? tracksAt() : tracksAt({ id: 1, x, y: 80 }), frame / FPS),
  );
  return { events, ...counter.count() };
}

describe("zoneCounter", () => {
  it("says who comes and goes, and how long the stay was", () => {
    const { events, inside, entered, dwellSeconds } = stay([80, 80, 20, 20, 20, 20, 80, 80]);
    expect(events).toMatchObject([
      { type: "zone-enter", zone: "yard", trackId: 1, className: "person", time: 0.2 },
      { type: "zone-leave", time: 0.5, dwellSeconds: expect.closeTo(0.3, 6) },
    ]);
    expect(inside.total).toBe(0);
    expect(entered.total).toBe(1);
    expect(dwellSeconds).toBeCloseTo(0.3, 6);
  });

  it("counts those inside by class, and their time while they stay", () => {
    const counter = zoneCounter(ZONE);
    for (let frame = 0; frame < 5; frame++) {
      const tracks = tracksAt({ id: 1, x: 20, y: 20 }, { id: 2, x: 70, y: 20, classId: 1 });
      counter.update(tracks, frame / FPS);
    }
    const { inside, dwellSeconds } = counter.count();
    expect(Object.fromEntries(inside.byClass)).toEqual({ person: 1, car: 1 });
    expect(dwellSeconds).toBeCloseTo(0.8, 6);
  });

  it("is no wider than its polygon", () => {
    expect(stay([60, 60, 60]).entered.total).toBe(0);
    expect(stay([40, 40, 40]).entered.total).toBe(1);
  });

  it("does not let a box that trembles on the edge come and go", () => {
    const trembling = Array.from({ length: 30 }, (_, i) => (i % 2 === 0 ? 49 : 51));
    expect(stay([20, 20, ...trembling]).events).toHaveLength(1);
    expect(stay([80, 80, ...trembling]).events).toEqual([]);
  });

  it("counts from a shortest stay on, from its beginning", () => {
    const options = { minDwellSeconds: 0.5 };
    expect(stay([20, 20, 20, 20, 20, 80, 80], options).events).toEqual([]);
    const { events } = stay([20, 20, 20, 20, 20, 20, 80, 80], options);
    expect(events).toMatchObject([
      { type: "zone-enter", time: 0, dwellSeconds: 0.5 },
      { type: "zone-leave", time: 0.5, dwellSeconds: 0.5 },
    ]);
  });

  it("lets who is not seen stay for a while, and go when it was last seen", () => {
    const gone = (frames: number) => Array<undefined>(frames).fill(undefined);
    expect(stay([20, 20, 20, ...gone(8)]).events).toHaveLength(1);
    const { events } = stay([20, 20, 20, ...gone(11)]);
    expect(events[1]).toMatchObject({ type: "zone-leave", time: 0.2, dwellSeconds: 0.2 });
    expect(stay([20, 20, ...gone(5), 20, 20]).entered.total).toBe(1);
  });

  it("forgets who is inside when time goes backwards, and keeps totals", () => {
    const counter = zoneCounter(ZONE);
    const at = (time: number) => counter.update(tracksAt({ id: 1, x: 20, y: 20 }), time);
    for (const time of [10, 10.1, 10.2]) at(time);
    expect(at(0)).toEqual([]);
    expect(counter.count()).toMatchObject({ inside: { total: 0 }, entered: { total: 1 } });
    expect(counter.count().dwellSeconds).toBeCloseTo(0.2, 6);
  });

  it("refuses a polygon without area", () => {
    expect(() => zoneCounter({ name: "x", polygon: [{ x: 0, y: 0 }] })).toThrow(/has 1 corners/);
  });
});
