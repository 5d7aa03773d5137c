/** What is known of the time that a batch takes, `perItemMs * size + fixedMs`. */
export interface BatchCost {
  readonly perItemMs: number;
  readonly fixedMs: number;
}

/** Learns how long batches take from those that ran. */
export interface CostModel {
  /** Batches seen so far. */
  readonly observations: number;
  readonly cost: BatchCost;
  /** Expected time of a batch in milliseconds; 0 before the first one. */
  timeMs(size: number): number;
  /** Takes a batch into account. */
  observe(size: number, tookMs: number): void;
}

/** An observation counts half after 35 others, so about the last 50 count. */
const KEPT = 0.98;
/** Batches of which none is an outlier, as too little is known yet. */
const FIRST = 10;
/** Observations that are further from what was expected than so many mean deviations are drawn nearer. */
const CLAMP = 4;
/** Deviations below this share of the expected time are no outliers. */
const TOLERATED = 0.1;
/** So many outliers on the same side in a row are no outliers: the device has changed. */
const CHANGE = 3;
/** Weight of all that was learnt before such a change, in observations. */
const REMEMBERED = 0.2;
/** Weight of the assumption that half of the time is fixed, in observations of sizes that differ by one. */
const PRIOR = 0.05;

/**
 * Least squares over the batches that ran, with forgetting (recursive, in constant memory), where outliers are
 * clamped and a lasting change of the device is believed at its third batch.
 */
export function costModel(): CostModel {
  // Weighted means of size and time, and what they differ by together.
  let weight = 0;
  let meanSize = 0;
  let meanMs = 0;
  let sizeVariance = 0;
  let covariance = 0;
  let deviationMs = 0;
  let outliers = 0;
  let observations = 0;

  const slope = (): number => {
    const assumed = meanSize === 0 ? 0 : meanMs / (2 * meanSize);
    const fitted = (covariance + PRIOR * assumed) / (sizeVariance + PRIOR);
    // Neither part of the time is negative.
    return Math.min(Math.max(fitted, 0), meanSize === 0 ? 0 : meanMs / meanSize);
  };
  const timeMs = (size: number): number => Math.max(0, meanMs + slope() * (size - meanSize));

  return {
    get observations() {
      return observations;
    },
    get cost() {
      return { perItemMs: slope(), fixedMs: Math.max(0, meanMs - slope() * meanSize) };
    },
    timeMs,
    observe(size, tookMs) {
      observations += 1;
      let value = tookMs;
      if (observations > FIRST) {
        const expected = timeMs(size);
        const residual = tookMs - expected;
        const most = Math.max(CLAMP * deviationMs, TOLERATED * expected);
        const side = Math.abs(residual) > most ? Math.sign(residual) : 0;
        outliers = side === 0 ? 0 : outliers * side > 0 ? outliers + side : side;
        if (Math.abs(outliers) >= CHANGE) {
          // What was learnt before is of another device: keep little of it.
          weight = Math.min(weight, REMEMBERED);
          outliers = 0;
        } else if (side !== 0) value = expected + side * most;
        deviationMs += 0.1 * (Math.min(Math.abs(residual), most) - deviationMs);
      }
      weight = weight * KEPT + 1;
      const share = 1 / weight;
      const sizeOff = size - meanSize;
      const timeOff = value - meanMs;
      meanSize += share * sizeOff;
      meanMs += share * timeOff;
      sizeVariance = (1 - share) * (sizeVariance + share * sizeOff * sizeOff);
      covariance = (1 - share) * (covariance + share * sizeOff * timeOff);
    },
  };
}
