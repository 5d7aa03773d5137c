import fc from "fast-check";
import { expect, it, vi } from "vitest";
import { latestOnly } from "./latest-only.ts";

it("shows what was wanted last, loads one at a time, and skips what nobody wants any more", async () => {
  vi.useFakeTimers();
  try {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            item: fc.nat(20),
            waitMs: fc.nat(300),
            tookMs: fc.integer({ min: 1, max: 400 }),
          }),
          { minLength: 1, maxLength: 30 },
        ),
        async (wishes) => {
          const shown: number[] = [];
          const loads: number[] = [];
          let running = 0;
          let most = 0;
          const loader = latestOnly<number>({
            patienceMs: 150,
            load: (item, signal) => {
              loads.push(item);
              most = Math.max(most, ++running);
              const { tookMs } = wishes[loads.length % wishes.length] as { tookMs: number };
              return new Promise<number>((resolve, reject) => {
                const timer = setTimeout(() => resolve(item), tookMs);
                signal.addEventListener("abort", () => {
                  clearTimeout(timer);
                  reject(signal.reason);
                });
              }).finally(() => running--);
            },
            onLoaded: (value, item) => {
              expect(value).toBe(item);
              shown.push(value);
            },
            onFailed: (error) => {
              throw error;
            },
          });
          for (const { item, waitMs } of wishes) {
            loader.want(item);
            await vi.advanceTimersByTimeAsync(waitMs);
          }
          await vi.advanceTimersByTimeAsync(2_000);
          expect(shown.at(-1)).toBe(wishes.at(-1)?.item);
          expect(most).toBe(1);
          expect(loads.length).toBeLessThanOrEqual(wishes.length);
        },
      ),
    );
  } finally {
    vi.useRealTimers();
  }
});

it("waits for what is nearly there, so that a key that is held shows a film", async () => {
  vi.useFakeTimers();
  try {
    const shown: number[] = [];
    const loader = latestOnly<number>({
      patienceMs: 150,
      load: (item) => new Promise((resolve) => setTimeout(() => resolve(item), 100)),
      onLoaded: (value) => shown.push(value),
      onFailed: () => {},
    });
    for (let item = 0; item < 30; item++) {
      loader.want(item);
      await vi.advanceTimersByTimeAsync(33);
    }
    await vi.advanceTimersByTimeAsync(500);
    expect(shown.length).toBeGreaterThan(8);
    expect(shown.at(-1)).toBe(29);
    expect(shown).toEqual(shown.toSorted((a, b) => a - b));
  } finally {
    vi.useRealTimers();
  }
});
