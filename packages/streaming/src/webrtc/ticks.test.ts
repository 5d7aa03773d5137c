import { describe, expect, it, vi } from "vitest";
import { createTicks } from "./ticks.ts";

describe("ticks", () => {
  it("call all who started, and keep no timer when nobody is left", () => {
    vi.useFakeTimers();
    try {
      const ticks = createTicks(5);
      const counts = [0, 0];
      const stops = [0, 1].map((i) =>
        ticks.start(() => {
          counts[i] = (counts[i] ?? 0) + 1;
        }),
      );
      expect(vi.getTimerCount()).toBe(1);
      vi.advanceTimersByTime(20);
      stops[0]?.();
      vi.advanceTimersByTime(20);
      expect(counts).toEqual([4, 8]);
      stops[1]?.();
      stops[1]?.();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});
