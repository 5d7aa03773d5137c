/** Most requests in a batch, found out while they run. */
export interface BatchLimit {
  /** As many as a batch may have now, at most `largest`. */
  current(largest: number): number;
  /** Takes an answered request into account: from request to answer, and how long its batch ran. */
  observe(totalMs: number, computeMs: number, targetP99Ms: number, largest: number): void;
}

/** Requests that make one judgement: enough for a 99th percentile that one slow request does not decide alone. */
const WINDOW = 128;
/** Windows in a row that have to be good before a batch may be larger again. */
const GOOD_WINDOWS = 3;
/** By which a bad window makes batches smaller (Clipper, NSDI 2017, backs off little, too). */
const DECREASE = 0.75;
/** Share of the target that the batch's own time has to take, to be what is to blame. */
const BLAME = 0.5;

/**
 * Additive increase, multiplicative decrease of the batch size for a target of the 99th percentile. Where requests are
 * late because they wait, and not because their batch takes long, smaller batches would make it worse, so the
 * limit stays.
 */
export function batchLimit(): BatchLimit {
  let limit = Number.POSITIVE_INFINITY;
  let good = 0;
  let totals: number[] = [];
  let computes: number[] = [];

  return {
    current: (largest) => Math.max(1, Math.min(limit, largest)),
    observe(totalMs, computeMs, targetP99Ms, largest) {
      if (!Number.isFinite(targetP99Ms)) {
        limit = Number.POSITIVE_INFINITY;
        return;
      }
      totals.push(totalMs);
      computes.push(computeMs);
      if (totals.length < WINDOW) return;
      const late = percentile(totals) > targetP99Ms;
      const ownTime = percentile(computes) > targetP99Ms * BLAME;
      totals = [];
      computes = [];
      const now = Math.max(1, Math.min(limit, largest));
      if (late) {
        good = 0;
        if (ownTime) limit = Math.max(1, Math.floor(now * DECREASE));
        return;
      }
      good += 1;
      if (good < GOOD_WINDOWS || now >= largest) return;
      good = 0;
      limit = now + 1;
    },
  };
}

function percentile(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0;
}
