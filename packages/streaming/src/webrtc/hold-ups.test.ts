import { describe, expect, it } from "vitest";
import { type Arrival, createHoldUps } from "./hold-ups.ts";

/** Which packets were held up, of pairs of the times at which each was sent and came. */
function heldUp(times: readonly (readonly [sentMs: number, receivedMs: number])[]) {
  const holdUps = createHoldUps();
  const arrivals: Arrival[] = times.map(([sentMs, receivedMs]) => ({
    sentMs,
    receivedMs,
    bits: 8_000,
    isHeldUp: false,
  }));
  for (const arrival of arrivals) holdUps.note(arrival, arrival.receivedMs - arrival.sentMs - 10);
  return { marks: arrivals.map(({ isHeldUp }) => isHeldUp), holdUps };
}

describe("hold-ups at the viewer", () => {
  it("are seen where packets sent one after another come all at once", () => {
    const { marks, holdUps } = heldUp([
      [0, 10],
      [20, 60],
      [40, 60],
      [60, 70],
    ]);
    expect(marks).toEqual([false, true, true, false]);
    expect(holdUps.takeReady()).toBe(true);
    expect(holdUps.takeReady()).toBe(false);
  });

  it("are marked once each, however many are said to have come at once", () => {
    const holdUps = createHoldUps();
    let marks = 0;
    for (let number = 0; number < 2_000; number++) {
      const arrival: Arrival = {
        ...{ sentMs: number * 6, receivedMs: 10, bits: 8_000 },
        get isHeldUp() {
          return number > 0;
        },
        set isHeldUp(_) {
          marks += 1;
        },
      };
      holdUps.note(arrival, 0);
    }
    expect(marks).toBeLessThan(4 * 2_000);
  });

  it("are not seen in a queue, which gives packets one after another", () => {
    const times = Array.from({ length: 40 }, (_, i) => [i * 5, 10 + i * 10] as const);
    expect(heldUp(times).marks).not.toContain(true);
  });

  it("are not seen where a fast road gives packets as close together as they were sent", () => {
    const times = Array.from({ length: 100 }, (_, i) => [i * 0.4, 10 + i * 0.4] as const);
    expect(heldUp(times).marks).not.toContain(true);
  });

  it("are doubted where all come one by one, as from a very narrow place", () => {
    const times = Array.from({ length: 10 }, (_, i) => [i * 5, 10 + i * 50] as const);
    const { marks, holdUps } = heldUp(times);
    expect(marks.slice(1)).not.toContain(false);
    expect(holdUps.areAlone).toBe(true);
    expect(holdUps.takeReady()).toBe(false);
  });
});
