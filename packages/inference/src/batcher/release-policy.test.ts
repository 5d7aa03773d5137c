import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arrivalModel } from "./arrival-model.ts";
import { chooseRelease, type ReleaseState } from "./release-policy.ts";

const state = (change: Partial<ReleaseState> = {}): ReleaseState => ({
  queued: 8,
  largest: 32,
  cost: { perItemMs: 1, fixedMs: 4 },
  ratePerMs: 0.1,
  comeMeanwhile: 1,
  prospects: [],
  patienceMs: 10,
  ...change,
});

describe("chooseRelease", () => {
  it("launches all where the batch costs more than its items", () => {
    const cost = { perItemMs: 0.1, fixedMs: 10 };
    expect(chooseRelease(state({ cost, queued: 32 }))).toEqual({ launch: 32 });
  });

  it("cuts a backlog where the items cost more than the batch, unless the load is high", () => {
    const cost = { perItemMs: 10, fixedMs: 1 };
    const idle = chooseRelease(state({ cost, queued: 8, ratePerMs: 0.001 }));
    // By hand: k (k + 1) > 10 * 8 * (1 - load) / 1 from k = 8 on, so one at a time.
    expect(idle).toEqual({ launch: 1 });
    expect(chooseRelease(state({ cost, queued: 8, ratePerMs: 0.099 }))).toEqual({ launch: 8 });
  });

  it("never launches more than are there or than a batch has, and always at least one", () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 64 }),
        fc.double({ min: 0, max: 50, noNaN: true }),
        fc.double({ min: 0, max: 50, noNaN: true }),
        fc.double({ min: 0, max: 10, noNaN: true }),
        (queued, largest, perItemMs, fixedMs, ratePerMs) => {
          const release = chooseRelease(
            state({ queued, largest, cost: { perItemMs, fixedMs }, ratePerMs }),
          );
          const launch = "launch" in release ? release.launch : 0;
          expect(launch).toBeGreaterThanOrEqual(1);
          expect(launch).toBeLessThanOrEqual(Math.min(queued, largest));
        },
      ),
    ));

  it("waits for what is close behind, not longer than it may, and not for a full batch", () => {
    const prospects = [{ waitMs: 0.5, chance: 0.9, meanMs: 0.2, gapMs: 0.17 }];
    expect(chooseRelease(state({ queued: 1, prospects }))).toEqual({ waitMs: 0.5 });
    expect(chooseRelease(state({ queued: 1, prospects, patienceMs: 0.4 }))).toEqual({ launch: 1 });
    expect(chooseRelease(state({ queued: 32, prospects }))).toHaveProperty("launch");
  });

  it("does not wait for requests that come independently of each other, whatever their rate", () => {
    for (const ratePerMs of [0.01, 0.1, 0.5, 2]) {
      const model = arrivalModel();
      let nowMs = 0;
      let seed = 1;
      const random = (): number => {
        seed = (seed * 48_271) % 2_147_483_647;
        return seed / 2_147_483_647;
      };
      let waits = 0;
      for (let i = 0; i < 4_000; i++) {
        nowMs -= Math.log(random()) / ratePerMs;
        model.arrive(nowMs, 1);
        const comeMeanwhile = ratePerMs * 5;
        const prospects = model.prospects(0);
        const release = chooseRelease(state({ queued: 1, ratePerMs, comeMeanwhile, prospects }));
        if ("waitMs" in release) waits += 1;
      }
      expect(waits / 4_000, `at ${ratePerMs} a millisecond`).toBeLessThan(0.01);
    }
  });
});

describe("arrivalModel", () => {
  it("tells the rate, at once when it rises and in time when it falls", () => {
    const model = arrivalModel();
    let nowMs = 0;
    const send = (count: number, gapMs: number): void => {
      for (let i = 0; i < count; i++) {
        nowMs += gapMs;
        model.arrive(nowMs, 1);
      }
    };
    send(300, 10);
    expect(model.rate(nowMs, 10)).toBeCloseTo(0.1, 2);
    send(16, 1);
    expect(model.rate(nowMs, 10)).toBeGreaterThan(0.4);
    expect(model.rate(nowMs + 100_000, 10)).toBeLessThan(0.01);
  });

  it("tells what follows closely from what follows later", () => {
    const model = arrivalModel();
    for (let burst = 0; burst < 100; burst++) {
      for (let i = 0; i < 4; i++) model.arrive(burst * 100 + i * 0.2, 1);
    }
    const close = model.prospects(0).find(({ waitMs }) => waitMs >= 0.2);
    expect(close?.chance).toBeCloseTo(0.75, 1);
    expect(close?.gapMs).toBeCloseTo(0.2, 5);
    // A clock of whole milliseconds can wait no shorter.
    expect(model.prospects(1)[0]?.waitMs).toBe(1);
  });
});
