import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AdaptiveLimit } from "./adaptive-limit.ts";

function windows(limit: AdaptiveLimit, count: number, latencyMs: (limit: number) => number): void {
  for (let i = 0; i < count * 20; i++) limit.note("ok", latencyMs(limit.current));
}

describe("AdaptiveLimit", () => {
  it("begins with two and grows by one a window while latency is stable, up to what there may be", () => {
    const limit = new AdaptiveLimit(() => 5);
    expect(limit.current).toBe(2);
    windows(limit, 1, () => 8);
    expect(limit.current).toBe(3);
    windows(limit, 10, () => 8);
    expect(limit.current).toBe(5);
  });

  it("stops at the knee, where more requests only wait longer", () => {
    const limit = new AdaptiveLimit(() => 64);
    windows(limit, 50, (n) => Math.max(8, 2 * n));
    expect(limit.current).toBe(7);
  });

  it("halves when the server is overloaded, once for all that was under way, and recovers", async () => {
    const limit = new AdaptiveLimit(() => 64);
    windows(limit, 6, () => 8);
    expect(limit.current).toBe(8);
    const requests = Array.from({ length: 8 }, () =>
      limit.run(
        () => new Promise((resolve) => setTimeout(resolve, 5)),
        () => "overloaded",
      ),
    );
    await Promise.all(requests);
    expect(limit.current).toBe(4);
    for (let i = 0; i < 5; i++) limit.note("overloaded", 1);
    expect(limit.current).toBe(1);
    windows(limit, 1, () => 8);
    expect(limit.current).toBe(2);
  });

  it("takes failures for no sign of load", () => {
    const limit = new AdaptiveLimit(() => 64);
    for (let i = 0; i < 100; i++) limit.note("failed", 1);
    expect(limit.current).toBe(2);
  });

  it("never has more under way than it says, and loses no request", async () => {
    const outcome = fc.constantFrom("ok", "ok", "ok", "overloaded", "failed" as const);
    await fc.assert(
      fc.asyncProperty(fc.array(outcome, { maxLength: 120 }), async (outcomes) => {
        const limit = new AdaptiveLimit(() => 6);
        let busy = 0;
        const ended = await Promise.allSettled(
          outcomes.map((how) =>
            limit.run(
              async () => {
                expect(busy).toBeLessThan(limit.current);
                busy += 1;
                await Promise.resolve();
                busy -= 1;
                if (how !== "ok") throw new Error(how);
              },
              () => how as "ok",
            ),
          ),
        );
        expect(ended.filter(({ status }) => status === "fulfilled")).toHaveLength(
          outcomes.filter((how) => how === "ok").length,
        );
      }),
      { numRuns: 100 },
    );
  });
});
