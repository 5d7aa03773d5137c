import type { BatchRequest } from "./batch-request.ts";

/** Requests that wait, by bucket, in the order in which they should go. */
export interface RequestQueue<Item, Result> {
  readonly size: number;
  /** Buckets in which requests wait, the one whose first request should go first at the front. */
  buckets(): readonly string[];
  /** Requests of one bucket, the first at the front. */
  of(bucket: string): readonly BatchRequest<Item, Result>[];
  add(request: BatchRequest<Item, Result>): void;
  remove(request: BatchRequest<Item, Result>): void;
  /** Puts everything in order again, as the request's priority or the ageing has changed. */
  reorder(): void;
  /** Requests of that stream which wait, in the order in which they came. */
  stream(name: string): readonly BatchRequest<Item, Result>[];
  all(): IterableIterator<BatchRequest<Item, Result>>;
}

/**
 * A queue by priority with ageing. Having waited for `ageingMs()` counts as one step of priority, so the order of
 * two requests never changes while they wait, and what comes later than `ageingMs` times the difference of two
 * priorities does not overtake. Within a stream nothing overtakes.
 */
export function requestQueue<Item, Result>(ageingMs: () => number): RequestQueue<Item, Result> {
  type Request = BatchRequest<Item, Result>;
  const lists = new Map<string, Request[]>();
  const streams = new Map<string, Request[]>();
  let size = 0;

  const insert = (request: Request): void => {
    const { bucket, stream } = request;
    request.score = request.priority * ageingMs() - request.arrivedMs;
    if (stream !== undefined) {
      const before = streams.get(stream) ?? [];
      request.score = Math.min(request.score, before.at(-1)?.score ?? Number.POSITIVE_INFINITY);
      before.push(request);
      streams.set(stream, before);
    }
    const list = lists.get(bucket) ?? [];
    let low = 0;
    let high = list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = list[middle] as Request;
      const after =
        other.score < request.score ||
        (other.score === request.score && other.number > request.number);
      if (after) high = middle;
      else low = middle + 1;
    }
    list.splice(low, 0, request);
    lists.set(bucket, list);
    size += 1;
  };
  const takeFrom = (map: Map<string, Request[]>, name: string, request: Request): boolean => {
    const list = map.get(name);
    const place = list?.indexOf(request) ?? -1;
    if (list === undefined || place < 0) return false;
    list.splice(place, 1);
    if (list.length === 0) map.delete(name);
    return true;
  };

  return {
    get size() {
      return size;
    },
    buckets() {
      if (lists.size === 1) return [...lists.keys()];
      const heads = [...lists].map(([name, [head]]) => ({ name, score: head?.score ?? 0 }));
      return heads.sort((a, b) => b.score - a.score).map(({ name }) => name);
    },
    of: (bucket) => lists.get(bucket) ?? [],
    add: insert,
    remove(request) {
      if (!takeFrom(lists, request.bucket, request)) return;
      if (request.stream !== undefined) takeFrom(streams, request.stream, request);
      size -= 1;
    },
    reorder() {
      const all = [...lists.values()].flat().sort((a, b) => a.number - b.number);
      lists.clear();
      streams.clear();
      size = 0;
      for (const request of all) insert(request);
    },
    stream: (name) => streams.get(name) ?? [],
    *all() {
      for (const list of lists.values()) yield* list;
    },
  };
}
