/** What waiting for the next request may bring. */
export interface Prospect {
  /** How long to wait at most, in milliseconds. */
  readonly waitMs: number;
  /** Probability that a request comes in that time, less one standard deviation of the estimate. */
  readonly chance: number;
  /** Mean time that passes until one comes, or until the wait is over, in milliseconds. */
  readonly meanMs: number;
  /** Mean time until one comes, of those that do. */
  readonly gapMs: number;
}

/** Learns how requests come: how often, and how closely behind one another. */
export interface ArrivalModel {
  /** Requests seen so far. */
  readonly arrivals: number;
  /** Takes requests into account that come at the same moment. */
  arrive(nowMs: number, count: number): void;
  /**
   * Requests a millisecond, of late.
   *
   * @param horizonMs - over which it matters; what came closer together is spread over that time
   */
  rate(nowMs: number, horizonMs: number): number;
  /**
   * What waiting would bring, for a few lengths of the wait, ascending.
   *
   * @param shortestMs - the shortest time that can be waited
   */
  prospects(shortestMs: number): readonly Prospect[];
}

/** About so many of the last requests count for the rate. */
const RATE_WINDOW = 200;
/** Numbers of the last requests by which a burst is noticed. */
const BURSTS: readonly number[] = [8, 16, 32, 64, 128];
/** Standard deviations by which the rate of those has to be higher. */
const CONFIDENCE = 2;
/** About so many of the last gaps count for what follows a request. */
const GAP_WINDOW = 100;
/** The shortest gap that is told from none, in milliseconds; each further class is twice as long. */
const FIRST_GAP_MS = 1 / 64;
const GAP_CLASSES = 20;

/**
 * An exponentially weighted rate, raised where the last few requests came significantly faster, and the
 * distribution of the gaps between requests in classes by powers of two: the rate alone cannot tell a burst from
 * a steady stream.
 */
export function arrivalModel(): ArrivalModel {
  const weights = new Float64Array(GAP_CLASSES);
  const sums = new Float64Array(GAP_CLASSES);
  const recent = new Float64Array(Math.max(...BURSTS));
  let arrivals = 0;
  let lastMs: number | undefined;
  let time = 0;
  let count = 0;

  return {
    get arrivals() {
      return arrivals;
    },
    arrive(nowMs, added) {
      for (let i = 0; i < added; i++) recent[arrivals++ % recent.length] = nowMs;
      const kept = (1 - 1 / RATE_WINDOW) ** added;
      if (lastMs !== undefined) {
        const gapMs = nowMs - lastMs;
        time = time * kept + gapMs;
        count = count * kept + added;
        const place = Math.max(0, Math.ceil(Math.log2(gapMs / FIRST_GAP_MS)));
        const index = Math.min(place, GAP_CLASSES - 1);
        for (let i = 0; i < GAP_CLASSES; i++) {
          weights[i] = (weights[i] as number) * (1 - 1 / GAP_WINDOW);
          sums[i] = (sums[i] as number) * (1 - 1 / GAP_WINDOW);
        }
        weights[index] = (weights[index] as number) + 1;
        sums[index] = (sums[index] as number) + gapMs;
      }
      lastMs = nowMs;
    },
    rate(nowMs, horizonMs) {
      const passed = time + (lastMs === undefined ? 0 : nowMs - lastMs);
      let rate = passed > 0 ? count / passed : 0;
      for (const size of BURSTS) {
        const first = recent[(arrivals - size) % recent.length];
        if (arrivals < size || first === undefined) continue;
        const lowest = size - CONFIDENCE * Math.sqrt(size);
        rate = Math.max(rate, lowest / Math.max(nowMs - first, horizonMs));
      }
      return rate;
    },
    prospects(shortestMs) {
      const all = weights.reduce((sum, weight) => sum + weight, 0);
      const found: Prospect[] = [];
      let weight = 0;
      let sum = 0;
      for (let i = 0; i < GAP_CLASSES - 1 && all > 0; i++) {
        weight += weights[i] as number;
        sum += sums[i] as number;
        const waitMs = FIRST_GAP_MS * 2 ** i;
        if (weight === 0 || waitMs < shortestMs) continue;
        const chance = weight / all;
        found.push({
          waitMs,
          chance: Math.max(0, chance - Math.sqrt((chance * (1 - chance)) / all)),
          meanMs: sum / all + (1 - chance) * waitMs,
          gapMs: sum / weight,
        });
      }
      return found;
    },
  };
}
