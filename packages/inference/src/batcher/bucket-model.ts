import { type ArrivalModel, arrivalModel } from "./arrival-model.ts";
import { type CostModel, costModel } from "./cost-model.ts";
import { chooseRelease, RATE_HORIZON } from "./release-policy.ts";

/** What there is to decide about. */
export interface BucketState {
  readonly nowMs: number;
  /** Requests that can go now. */
  readonly available: number;
  /** All requests that wait for one of the free slots each. */
  readonly perSlot: number;
  /** Most that can go in one batch. */
  readonly largest: number;
  /** Work units of a request, on average. */
  readonly meanCost: number;
  /** The request that should go first; waiting is bounded for each. */
  readonly head: number;
  /** Nothing is held back beyond this moment. */
  readonly latestMs: (expectedMs: number) => number;
  readonly slots: number;
}

/** What a bucket has learnt, and what it does with it. */
export interface BucketModel {
  readonly cost: CostModel;
  /** Notes a request. */
  arrive(nowMs: number): void;
  rate(nowMs: number): number;
  /** How many to launch, or until when to wait. */
  decide(state: BucketState): { readonly launch: number } | { readonly untilMs: number };
  /** Notes a batch that is launched; the result is to be called when it has run, with its work and time. */
  launched(): (work: number, tookMs: number) => void;
}

/** Batches and requests before which nothing is known: until then all that can go goes. */
const FIRST_BATCHES = 3;
const FIRST_REQUESTS = 8;
/** What comes within so many milliseconds comes of one event. */
const SAME_MOMENT_MS = 0.02;
/** Weight of the last batch in how many requests come meanwhile. */
const SMOOTHING = 0.1;

/**
 * Begins knowing nothing.
 *
 * @param shortestMs - the shortest time that can be waited
 */
export function bucketModel(shortestMs: number): BucketModel {
  const arrivals: ArrivalModel = arrivalModel();
  const cost = costModel();
  let pending = 0;
  let pendingMs = 0;
  let comeMeanwhile = 0;
  let held: { head: number; sinceMs: number; count: number; untilMs: number } | undefined;

  /** Requests of one moment count as one step, so that they do not look like a burst. */
  const flush = (): void => {
    if (pending > 0) arrivals.arrive(pendingMs, pending);
    pending = 0;
  };

  return {
    cost,
    arrive(nowMs) {
      if (nowMs - pendingMs > SAME_MOMENT_MS) flush();
      pending += 1;
      pendingMs = nowMs;
    },
    rate: (nowMs) => arrivals.rate(nowMs, RATE_HORIZON * cost.timeMs(1)),
    decide({ nowMs, available, perSlot, largest, meanCost, head, latestMs, slots }) {
      flush();
      const most = Math.min(available, largest);
      if (cost.observations < FIRST_BATCHES || arrivals.arrivals < FIRST_REQUESTS) {
        return { launch: most };
      }
      const { perItemMs, fixedMs } = cost.cost;
      const each = { perItemMs: perItemMs * meanCost, fixedMs };
      const queued = Math.min(available, perSlot);
      const expectedMs = each.perItemMs * Math.min(queued, largest) + fixedMs;
      if (held?.head !== head) held = undefined;
      const sinceMs = held?.sinceMs ?? nowMs;
      const same = held?.count === available;
      if (held !== undefined && same && nowMs < held.untilMs && nowMs < latestMs(expectedMs)) {
        return { untilMs: Math.min(held.untilMs, latestMs(expectedMs)) };
      }
      const over = held !== undefined && same;
      // What is held back waits no longer than a batch takes.
      const endMs = Math.min(sinceMs + expectedMs, latestMs(expectedMs));
      const horizonMs = RATE_HORIZON * (each.perItemMs * queued + fixedMs);
      const release = chooseRelease({
        queued,
        largest,
        cost: each,
        ratePerMs: arrivals.rate(nowMs, horizonMs) / slots,
        comeMeanwhile,
        prospects: over ? [] : arrivals.prospects(shortestMs),
        patienceMs: endMs - nowMs,
      });
      if ("launch" in release) {
        held = undefined;
        return { launch: Math.min(release.launch, most) };
      }
      const untilMs = nowMs + release.waitMs;
      held = { head, sinceMs, count: available, untilMs };
      return { untilMs };
    },
    launched() {
      const before = arrivals.arrivals;
      return (work, tookMs) => {
        flush();
        cost.observe(work, tookMs);
        comeMeanwhile += SMOOTHING * (arrivals.arrivals - before - comeMeanwhile);
      };
    },
  };
}
