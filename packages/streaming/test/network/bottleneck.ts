import { createPauses, type PauseOptions } from "./pauses.ts";
import { seededRandom } from "./seeded-random.ts";

/** A road with one narrow place. */
export interface BottleneckOptions {
  /** Bits a second from a time on; the first begins at 0. */
  readonly steps: readonly { readonly fromMs: number; readonly bitrate: number }[];
  /** What waits longer than this at the narrow place is dropped as it comes. */
  readonly queueMs: number;
  /** One way. */
  readonly delayMs: number;
  /** Up to so much more, at random; packets never overtake one another. */
  readonly jitterMs: number;
  /** Share lost behind the narrow place, 0 to 1. */
  readonly lossRatio: number;
  /** Packets lost in a row, on average; 1 loses each by itself. */
  readonly lossBurst: number;
  /** When the viewer's machine stands still. @defaultValue never */
  readonly pauses?: PauseOptions;
  readonly seed: number;
}

/** The model of a road, for virtual and for real time. */
export interface Bottleneck {
  /** When the packet arrives; null when it does not. Times given must not go backwards. */
  offer(sizeBytes: number, atMs: number): number | null;
  bitrateAt(timeMs: number): number;
  /** Packets dropped because the queue was full, and lost otherwise. */
  readonly dropped: number;
  readonly lost: number;
}

/** Makes a road that treats the same packets at the same times alike. */
export function createBottleneck(options: BottleneckOptions): Bottleneck {
  const { steps, queueMs, delayMs, jitterMs, lossRatio, lossBurst, seed } = options;
  const random = seededRandom(seed);
  let [freeAtMs, lastArrivalMs, dropped, lost] = [0, 0, 0, 0];
  let isLosing = false;

  const bitrateAt = (timeMs: number): number => {
    let bitrate = steps[0]?.bitrate ?? Number.POSITIVE_INFINITY;
    for (const step of steps) if (step.fromMs <= timeMs) bitrate = step.bitrate;
    return bitrate;
  };

  /** When so many bits are through that begin at a time, across changes of the bitrate. */
  const throughAt = (fromMs: number, bits: number): number => {
    let [timeMs, left] = [fromMs, bits];
    for (const step of steps) {
      if (step.fromMs <= timeMs) continue;
      const fits = (bitrateAt(timeMs) * (step.fromMs - timeMs)) / 1000;
      if (fits >= left) break;
      left -= fits;
      timeMs = step.fromMs;
    }
    return timeMs + (left * 1000) / bitrateAt(timeMs);
  };

  /** What comes while the machine stands still is seen when it goes on. */
  const afterPause = createPauses(options.pauses, seed);

  const isLost = (): boolean => {
    const change = isLosing
      ? 1 / lossBurst
      : lossRatio / Math.max(1e-9, lossBurst * (1 - lossRatio));
    if (lossBurst <= 1) return random() < lossRatio;
    if (random() < change) isLosing = !isLosing;
    return isLosing;
  };

  return {
    offer(sizeBytes, atMs) {
      if (freeAtMs - atMs > queueMs) {
        dropped += 1;
        return null;
      }
      freeAtMs = throughAt(Math.max(freeAtMs, atMs), sizeBytes * 8);
      if (isLost()) {
        lost += 1;
        return null;
      }
      const arrivalMs = afterPause(freeAtMs + delayMs + random() * jitterMs);
      lastArrivalMs = Math.max(lastArrivalMs, arrivalMs);
      return lastArrivalMs;
    },
    bitrateAt,
    get dropped() {
      return dropped;
    },
    get lost() {
      return lost;
    },
  };
}
