import type { Prospect } from "./arrival-model.ts";
import type { BatchCost } from "./cost-model.ts";

/** What a decision depends on; the device has room for one more batch. */
export interface ReleaseState {
  /** Requests that could go into the batch, one or more. */
  readonly queued: number;
  /** Most that a batch may have. */
  readonly largest: number;
  /** What a batch costs. */
  readonly cost: BatchCost;
  /** Requests a millisecond for each batch that may be under way, of late; see {@link RATE_HORIZON}. */
  readonly ratePerMs: number;
  /** Requests that come while a batch runs, on average. */
  readonly comeMeanwhile: number;
  readonly prospects: readonly Prospect[];
  /** How long the longest-waiting request may still be held back, in milliseconds. */
  readonly patienceMs: number;
}

/** Launch so many now, or wait so long for another one. */
export type Release = { readonly launch: number } | { readonly waitMs: number };

/**
 * Requests that come closely together matter as a rate only as far as they fill the time of so many batches. Found
 * by search over traces made with the seeds 1 to 5, which `bench:batching` does not report.
 */
export const RATE_HORIZON = 3;

/** What waiting promises has to be more than what it costs by this factor, as both are estimates. */
const SURE = 1.5;

/**
 * Decides for the lowest mean latency, all in request-milliseconds.
 *
 * *How many.* Cutting a backlog of n into k batches instead of one finishes the first ones earlier and pays
 * the fixed time k times. With t(m) = a m + b, one cut more gains a n / (2 k (k + 1)) a request and costs b / 2,
 * the latter also for all who come until the backlog is gone, which makes it 1 / (1 - load) times as much. So
 * there are few cuts where the fixed time is large or the load is high, and clients who wait for their
 * answers, and come at the rate of the device, get whole batches.
 *
 * *Whether to wait.* The next request, if held back for, goes with this batch instead of waiting until it is done. All who
 * are queued, and all who come meanwhile, pay for that with the time that passes. For requests that
 * come independently of each other that never pays, whatever their rate; in bursts it does.
 */
export function chooseRelease(state: ReleaseState): Release {
  const { queued, largest, cost, ratePerMs } = state;
  if (queued < largest) {
    const waitMs = bestWait(state);
    if (waitMs > 0) return { waitMs };
  }
  const { perItemMs, fixedMs } = cost;
  let batches = 1;
  for (; batches < queued; batches++) {
    const busy = ratePerMs * (perItemMs + (fixedMs * (batches + 1)) / queued);
    const gain = (perItemMs * queued * (1 - busy)) / (batches * (batches + 1));
    if (gain <= fixedMs) break;
  }
  return { launch: Math.min(Math.ceil(queued / batches), largest) };
}

function bestWait(state: ReleaseState): number {
  const { queued, cost, comeMeanwhile, prospects, patienceMs } = state;
  const timeMs = cost.perItemMs * queued + cost.fixedMs;
  let most = 0;
  let best = 0;
  for (const { waitMs, chance, meanMs, gapMs } of prospects) {
    if (waitMs > patienceMs) break;
    const gain = chance * (timeMs - gapMs - cost.perItemMs * queued);
    const price = SURE * meanMs * (queued + comeMeanwhile);
    if (gain - price > most) {
      most = gain - price;
      best = waitMs;
    }
  }
  return best;
}
