import type { BatcherClock } from "../batcher/batcher-clock.ts";

/** A clock that stands still until it is told to go on. */
export interface VirtualClock extends BatcherClock {
  /** Lets everything happen that is due until no timer is left, or up to `untilMs`. */
  run(untilMs?: number): Promise<void>;
}

interface Timer {
  readonly atMs: number;
  readonly number: number;
  readonly callback: () => void;
  cancelled: boolean;
}

/**
 * A clock for tests and simulations of a `Batcher`: hours pass in milliseconds, and always in the same way.
 * Between two timers everything that awaits is let run.
 *
 * @example
 * ```ts
 * import { virtualClock } from "@millrace/inference/testing";
 *
 * const clock = virtualClock();
 * clock.after(3_600_000, () => console.log("an hour later"));
 * await clock.run();
 * console.log(clock.nowMs()); // 3600000
 * ```
 */
export function virtualClock(): VirtualClock {
  /** A binary heap; the first timer at the front. */
  const heap: Timer[] = [];
  let nowMs = 0;
  let number = 0;

  const before = (a: number, b: number): boolean => {
    const first = heap[a] as Timer;
    const second = heap[b] as Timer;
    return first.atMs < second.atMs || (first.atMs === second.atMs && first.number < second.number);
  };
  const swap = (a: number, b: number): void => {
    [heap[a], heap[b]] = [heap[b] as Timer, heap[a] as Timer];
  };
  const push = (timer: Timer): void => {
    let at = heap.push(timer) - 1;
    for (let parent = (at - 1) >> 1; at > 0 && before(at, parent); parent = (at - 1) >> 1) {
      swap(at, parent);
      at = parent;
    }
  };
  const pop = (): Timer | undefined => {
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    heap[0] = last;
    for (let at = 0; ; ) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < heap.length && before(child, least)) least = child;
      }
      if (least === at) return first;
      swap(at, least);
      at = least;
    }
  };

  return {
    nowMs: () => nowMs,
    after(delayMs, callback) {
      const atMs = nowMs + Math.max(0, delayMs);
      const timer: Timer = { atMs, number: number++, callback, cancelled: false };
      push(timer);
      return () => {
        timer.cancelled = true;
      };
    },
    async run(untilMs = Number.POSITIVE_INFINITY) {
      await settled();
      while (heap[0] !== undefined && heap[0].atMs <= untilMs) {
        const timer = pop() as Timer;
        if (timer.cancelled) continue;
        nowMs = Math.max(nowMs, timer.atMs);
        timer.callback();
        await settled();
      }
      if (Number.isFinite(untilMs)) nowMs = Math.max(nowMs, untilMs);
    },
  };
}

/** Lets every promise that can settle do so. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
