import type { BatchRequest } from "./batch-request.ts";
import type { RequestQueue } from "./request-queue.ts";

/** What {@link packBatch} has to keep. */
export interface PackLimits {
  /** Most requests. */
  readonly most: number;
  /** Most work units. */
  readonly budget: number;
  /** Whether nothing of that stream runs. */
  readonly isFree: (stream: string) => boolean;
}

/** The requests that could go together now. */
export interface Pack<Item, Result> {
  readonly requests: readonly BatchRequest<Item, Result>[];
  /** Their work units. */
  readonly cost: number;
  /** Requests that could go if there were no limits to a batch. */
  readonly available: number;
}

/**
 * Takes requests of a bucket in their order as long as they fit. Nothing that is smaller overtakes what does not fit
 * any more; only those of a stream that runs, or that has something earlier in another bucket, are passed over.
 */
export function packBatch<Item, Result>(
  queue: RequestQueue<Item, Result>,
  bucket: string,
  { most, budget, isFree }: PackLimits,
): Pack<Item, Result> {
  const requests: BatchRequest<Item, Result>[] = [];
  const taken = new Map<string, number>();
  let cost = 0;
  let available = 0;
  let full = false;
  for (const request of queue.of(bucket)) {
    const { stream } = request;
    if (stream !== undefined) {
      const place = taken.get(stream) ?? 0;
      if (!isFree(stream) || queue.stream(stream)[place] !== request) continue;
      taken.set(stream, place + 1);
    }
    available += 1;
    full ||= requests.length >= most || cost + request.cost > budget;
    if (full) continue;
    requests.push(request);
    cost += request.cost;
  }
  return { requests, cost, available };
}
