import type { BatcherClock } from "../batcher/batcher-clock.ts";

/** What a {@link fakeDevice} is like. */
export interface FakeDeviceOptions {
  readonly clock: BatcherClock;
  /** Milliseconds of an item. */
  readonly perItemMs: number;
  /** Milliseconds of a batch. */
  readonly fixedMs: number;
  /** Share by which the time of a batch varies at most, in both directions. @defaultValue 0 */
  readonly jitter?: number;
  /** Numbers from 0 to 1 for the jitter. @defaultValue 0.5 always */
  readonly random?: () => number;
}

/** A device that takes time and nothing else. */
export interface FakeDevice {
  /** Milliseconds that the last batch took. */
  readonly lastMs: number;
  /** Settles once a batch of that size would be done. */
  run(size: number): Promise<void>;
}

/**
 * A device whose batches take `perItemMs * size + fixedMs`, for tests and simulations of a `Batcher`.
 *
 * @example
 * ```ts
 * import { fakeDevice, virtualClock } from "@millrace/inference/testing";
 *
 * const clock = virtualClock();
 * const device = fakeDevice({ clock, perItemMs: 1, fixedMs: 5 });
 * const done = device.run(8);
 * await clock.run();
 * await done;
 * console.log(clock.nowMs()); // 13
 * ```
 */
export function fakeDevice(options: FakeDeviceOptions): FakeDevice {
  const { clock, perItemMs, fixedMs, jitter = 0, random = () => 0.5 } = options;
  let lastMs = 0;
  return {
    get lastMs() {
      return lastMs;
    },
    run(size) {
      lastMs = (perItemMs * size + fixedMs) * (1 + jitter * (2 * random() - 1));
      return new Promise((resolve) => {
        clock.after(lastMs, resolve);
      });
    },
  };
}
