import { describe, expect, it } from "vitest";
import { evenTimes, syntheticWorld } from "../testing/synthetic-world.ts";
import { tracksAt } from "../testing/tracks-at.ts";
import { createTracker } from "../track/tracker.ts";
import { createCounter } from "./counter.ts";

describe("createCounter", () => {
  it("counts what is in the frame and every track once", () => {
    const counter = createCounter();
    counter.update(tracksAt({ id: 1, x: 0, y: 0 }, { id: 2, x: 50, y: 0, classId: 1 }), 0);
    counter.update(tracksAt({ id: 2, x: 50, y: 0, classId: 1 }), 0.1);
    const counts = counter.update(tracksAt({ id: 1, x: 0, y: 0 }, { id: 3, x: 90, y: 0 }), 0.2);
    expect(Object.fromEntries(counts.inFrame.byClass)).toEqual({ person: 2 });
    expect(counts.unique.total).toBe(3);
    expect(Object.fromEntries(counts.unique.byClass)).toEqual({ person: 2, car: 1 });
    counter.reset();
    expect(counter.update(tracksAt({ id: 4, x: 0, y: 0 }), 0).unique.total).toBe(4);
  });

  it("does not change what it has given away", () => {
    const counter = createCounter({
      lines: [{ name: "a", from: { x: 50, y: 0 }, to: { x: 50, y: 99 } }],
    });
    const all = [20, 30, 70, 80].map((x, i) => counter.update(tracksAt({ id: 1, x, y: 40 }), i));
    expect(all.map(({ lines }) => lines[0]?.out.total)).toEqual([0, 0, 0, 1]);
    expect(all.map(({ events }) => events.length)).toEqual([0, 0, 0, 1]);
  });

  it("counts a made-up world exactly: 12 objects through a gate, 5 one way and 7 the other", () => {
    const discs = Array.from({ length: 12 }, (_, i) => {
      const right = i < 5;
      const from = 0.4 * i;
      return {
        x: right ? 60 : 580,
        y: 60 + 30 * i,
        radius: 12,
        speedX: right ? 150 : -150,
        speedY: 0,
        from,
        to: from + 3,
      };
    });
    for (const seed of [1, 2, 3]) {
      const tracker = createTracker();
      const counter = createCounter({
        lines: [{ name: "gate", from: { x: 320, y: 0 }, to: { x: 320, y: 480 } }],
        zones: [
          {
            name: "right half",
            polygon: [
              { x: 320, y: 0 },
              { x: 640, y: 0 },
              { x: 640, y: 480 },
              { x: 320, y: 480 },
            ],
          },
        ],
      });
      const world = { discs, times: evenTimes(200, 25), jitterPixels: 1, missChance: 0.1, seed };
      const frames = syntheticWorld(world).map(({ detections, time }) =>
        counter.update(tracker.update(detections, time), time),
      );
      const last = frames.at(-1);
      expect(last?.lines[0]).toMatchObject({ out: { total: 5 }, in: { total: 7 } });
      expect(last?.unique.total).toBe(12);
      expect(last?.zones[0]).toMatchObject({ inside: { total: 0 }, entered: { total: 12 } });
      const crossings = frames.flatMap(({ events }) =>
        events.filter((e) => e.type === "line-cross"),
      );
      for (const { time, trackId } of crossings) {
        // 260 pixels at 150 a second; tracks are numbered in the order in which discs begin.
        expect(Math.abs(time - (0.4 * (trackId - 1) + 260 / 150))).toBeLessThan(0.02);
      }
    }
  });

  it("counts confirmed tracks only: boxes of one frame share no number and have none (supervision 2578)", () => {
    const tracker = createTracker();
    const line = {
      name: "middle",
      from: { x: 320, y: 0 },
      to: { x: 320, y: 480 },
      settleFrames: 1,
    };
    const counter = createCounter({ lines: [line] });
    const world = syntheticWorld({
      discs: [{ x: 100, y: 240, radius: 20, speedX: 110, speedY: 0 }],
      times: evenTimes(100, 25),
      falseChance: 0.6,
    });
    expect(
      world.filter(({ truth, detections }) => detections.count > truth.ids.length).length,
    ).toBeGreaterThan(40);
    const last = world
      .map(({ detections, time }) => counter.update(tracker.update(detections, time), time))
      .at(-1);
    expect(last?.lines[0]).toMatchObject({ out: { total: 1 }, in: { total: 0 } });
  });

  it("refuses two lines or zones of one name", () => {
    const line = { name: "a", from: { x: 0, y: 0 }, to: { x: 1, y: 1 } };
    expect(() => createCounter({ lines: [line, line] })).toThrow(/Two lines are called "a"/);
  });
});
