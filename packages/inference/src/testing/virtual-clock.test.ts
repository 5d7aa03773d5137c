import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { virtualClock } from "./virtual-clock.ts";

describe("virtualClock", () => {
  it("calls timers in the order of their times, and of their making within one", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ ms: fc.integer({ min: 0, max: 20 }), off: fc.boolean() })),
        async (timers) => {
          const clock = virtualClock();
          const called: number[] = [];
          for (const [i, { ms, off }] of timers.entries()) {
            const cancel = clock.after(ms, () => {
              expect(clock.nowMs()).toBe(ms);
              called.push(i);
            });
            if (off) cancel();
          }
          await clock.run();
          const expected = timers
            .map(({ ms, off }, i) => ({ ms, off, i }))
            .filter(({ off }) => !off)
            .sort((a, b) => a.ms - b.ms || a.i - b.i)
            .map(({ i }) => i);
          expect(called).toEqual(expected);
        },
      ),
      { numRuns: 50 },
    ));

  it("stops where it is told to, and lets promises settle in between", async () => {
    const clock = virtualClock();
    const seen: string[] = [];
    clock.after(1, () => {
      void (async () => {
        await undefined;
        await undefined;
        seen.push("settled");
      })();
    });
    clock.after(1, () => seen.push("next"));
    clock.after(9, () => seen.push("never"));
    await clock.run(5);
    expect(seen).toEqual(["settled", "next"]);
    expect(clock.nowMs()).toBe(5);
  });
});
