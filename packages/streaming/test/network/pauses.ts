import { seededRandom } from "./seeded-random.ts";

/** How a machine stands still: for up to `mostMs` at a time, about every so many milliseconds. */
export interface PauseOptions {
  readonly everyMs: number;
  readonly mostMs: number;
}

/**
 * Makes the pauses of a machine that has too much to do: tells when something happens there that would have happened
 * at a time. Times given must not go backwards.
 */
export function createPauses(
  options: PauseOptions | undefined,
  seed: number,
): (timeMs: number) => number {
  if (!options) return (timeMs) => timeMs;
  const { everyMs, mostMs } = options;
  const random = seededRandom(seed + 77);
  let [fromMs, untilMs] = [0, 0];
  return (timeMs) => {
    while (untilMs < timeMs) {
      fromMs = untilMs + random() * 2 * everyMs;
      untilMs = fromMs + random() * mostMs;
    }
    return timeMs > fromMs ? untilMs : timeMs;
  };
}
