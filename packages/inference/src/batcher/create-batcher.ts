import { wrapError } from "@millrace/core";
import { Observable, Subject } from "rxjs";
import { batchLimit } from "./batch-limit.ts";
import type { BatchRequest, Waiter } from "./batch-request.ts";
import type { Batcher } from "./batcher.ts";
import { systemClock } from "./batcher-clock.ts";
import {
  cancelled,
  closed,
  overflow,
  tooLarge,
  tooLate,
  wrongCount,
  wrongOption,
} from "./batcher-failures.ts";
import type { BatcherOptions } from "./batcher-options.ts";
import { batcherSettings, fittedSize, largestSize } from "./batcher-settings.ts";
import { type BatcherStats, type BucketStats, statsRecorder } from "./batcher-stats.ts";
import { type BucketModel, bucketModel } from "./bucket-model.ts";
import { packBatch } from "./pack-batch.ts";
import { requestQueue } from "./request-queue.ts";

/** Buckets whose models are remembered; those used longest ago are forgotten. */
const MOST_MODELS = 64;
/** Part of a batch's expected time by which a deadline is met early. */
const MARGIN = 0.05;

/**
 * Makes a batcher: it decides when the items that wait are launched, and how many of them together, so that the mean
 * time from request to answer is low. It learns how long batches take and how requests come, and waits for
 * another item only where that pays; an item that comes alone is launched at once.
 *
 * @example
 * ```ts
 * import { createBatcher } from "@millrace/inference";
 *
 * const batcher = createBatcher({
 *   run: async (items: readonly number[]) => items.map((item) => item * 2),
 *   maxBatch: 8,
 * });
 * console.log(await Promise.all([1, 2, 3].map((item) => batcher.submit(item)))); // [2, 4, 6]
 * console.log(batcher.stats().executionCount); // 1
 * await batcher.close();
 * ```
 * @throws MillraceError INVALID_OPTION when a knob has no sense
 */
export function createBatcher<Item, Result>(
  options: BatcherOptions<Item, Result>,
): Batcher<Item, Result> {
  type Request = BatchRequest<Item, Result>;
  const { clock = systemClock } = options;
  let settings = batcherSettings(options);
  const queue = requestQueue<Item, Result>(() => settings.ageingMs);
  const counts = statsRecorder();
  const limit = batchLimit();
  const models = new Map<string, BucketModel>();
  /** By key, what waits or runs. */
  const shared = new Map<string, Request>();
  /** Streams of which something runs. */
  const runningStreams = new Set<string>();
  const changes = new Subject<void>();
  let number = 0;
  let running = 0;
  let runningItems = 0;
  let isClosed = false;
  let onDrained: (() => void) | undefined;
  let isDeciding = false;
  let cancelTimer: (() => void) | undefined;

  const largest = (): number => {
    const now = limit.current(largestSize(settings));
    const { allowedSizes } = settings;
    return allowedSizes?.findLast((size) => size <= now) ?? allowedSizes?.[0] ?? now;
  };

  const modelOf = (bucket: string): BucketModel => {
    const model = models.get(bucket) ?? bucketModel(clock.resolutionMs ?? 0);
    models.delete(bucket);
    models.set(bucket, model);
    if (models.size > MOST_MODELS) models.delete(models.keys().next().value ?? "");
    return model;
  };

  /** Decides once everything that is ready has come. */
  const decideSoon = (): void => {
    if (isDeciding) return;
    isDeciding = true;
    clock.after(0, () => {
      isDeciding = false;
      decide();
    });
  };

  const leave = (request: Request): void => {
    queue.remove(request);
    forgetKey(request);
  };

  const forgetKey = (request: Request): void => {
    if (request.key !== undefined && shared.get(request.key) === request) {
      shared.delete(request.key);
    }
  };

  const settle = (
    request: Request,
    counter: "successCount" | "failureCount" | "timeoutCount" | "rejectCount",
    how: (waiter: Waiter<Result>) => void,
    which: (waiter: Waiter<Result>) => boolean = () => true,
  ): void => {
    for (const waiter of [...request.waiters].filter(which)) {
      request.waiters.delete(waiter);
      waiter.release();
      counts.add(counter);
      how(waiter);
    }
  };

  /** Rejects what cannot go any more; tells the first deadline of the others. */
  const weedOut = (nowMs: number): number => {
    let first = Number.POSITIVE_INFINITY;
    for (const request of [...queue.all()]) {
      if (request.deadlineMs <= nowMs) {
        const error = tooLate(nowMs - request.arrivedMs);
        const late = (waiter: Waiter<Result>): boolean => waiter.deadlineMs <= nowMs;
        settle(request, "timeoutCount", ({ reject }) => reject(error), late);
        request.deadlineMs = firstDeadline(request);
      }
      if (request.cost > settings.budget) {
        const error = tooLarge(request.cost, settings.budget);
        settle(request, "rejectCount", ({ reject }) => reject(error));
      }
      if (request.waiters.size === 0) leave(request);
      else first = Math.min(first, request.deadlineMs);
    }
    return first;
  };

  const decide = (): void => {
    cancelTimer?.();
    cancelTimer = undefined;
    const nowMs = clock.nowMs();
    let wakeMs = weedOut(nowMs);
    let launched = true;
    while (launched && running < settings.slots) {
      launched = false;
      for (const bucket of queue.buckets()) {
        const untilMs = consider(bucket, nowMs);
        if (untilMs === undefined) {
          launched = true;
          break;
        }
        wakeMs = Math.min(wakeMs, untilMs);
      }
    }
    if (queue.size > 0 && Number.isFinite(wakeMs)) {
      cancelTimer = clock.after(Math.max(0, wakeMs - nowMs), decide);
    }
    if (isClosed && queue.size === 0 && running === 0) onDrained?.();
  };

  /** Launches a batch of the bucket and returns undefined, or the moment until which it is held back. */
  const consider = (bucket: string, nowMs: number): number | undefined => {
    const isFree = (stream: string): boolean => !runningStreams.has(stream);
    const most = largest();
    const pack = packBatch(queue, bucket, { most, budget: settings.budget, isFree });
    const [head] = pack.requests;
    if (head === undefined) return Number.POSITIVE_INFINITY;
    const model = modelOf(bucket);
    const decision = model.decide({
      nowMs,
      available: pack.available,
      perSlot: Math.ceil(pack.available / (settings.slots - running)),
      largest: pack.requests.length < pack.available ? pack.requests.length : most,
      meanCost: options.cost === undefined ? 1 : pack.cost / pack.requests.length,
      head: head.number,
      slots: settings.slots,
      latestMs: (expectedMs) => {
        const deadline = Math.min(...pack.requests.map(({ deadlineMs }) => deadlineMs));
        return deadline - expectedMs * (1 + MARGIN);
      },
    });
    if ("untilMs" in decision) return decision.untilMs;
    const { count, size } = fittedSize(settings, decision.launch, pack.requests.length);
    launch(bucket, model, pack.requests.slice(0, count), size, nowMs);
    return undefined;
  };

  const launch = (
    bucket: string,
    model: BucketModel,
    requests: readonly Request[],
    size: number,
    startMs: number,
  ): void => {
    const controller = new AbortController();
    for (const request of requests) {
      queue.remove(request);
      if (request.stream !== undefined) runningStreams.add(request.stream);
      counts.launched(startMs - request.arrivedMs);
      request.abandon = () => {
        if (requests.every(({ waiters }) => waiters.size === 0)) controller.abort(cancelled());
      };
    }
    running += 1;
    runningItems += requests.length;
    const done = model.launched();
    const work =
      options.cost === undefined ? size : requests.reduce((sum, { cost }) => sum + cost, 0);
    const items = requests.map(({ item }) => item);
    const running$ = new Promise<readonly (Result | Error)[]>((resolve) => {
      resolve(options.run(items, { size, bucket, signal: controller.signal }));
    });
    running$.then(
      (results) => {
        const tookMs = clock.nowMs() - startMs;
        done(work, tookMs);
        const wrong =
          results?.length === items.length ? undefined : wrongCount(results, items.length);
        end(requests, size, tookMs, (i) => wrong ?? (results[i] as Result | Error));
      },
      (error) => {
        const failure = wrapError(error, "batcher: run");
        end(requests, size, clock.nowMs() - startMs, () => failure);
      },
    );
  };

  const end = (
    requests: readonly Request[],
    size: number,
    tookMs: number,
    resultOf: (index: number) => Result | Error,
  ): void => {
    running -= 1;
    runningItems -= requests.length;
    counts.add("executionCount");
    counts.add("inferenceCount", requests.length);
    counts.add("paddingCount", size - requests.length);
    counts.ended(requests.length, tookMs);
    const nowMs = clock.nowMs();
    for (const [i, request] of requests.entries()) {
      if (request.stream !== undefined) runningStreams.delete(request.stream);
      forgetKey(request);
      const totalMs = nowMs - request.arrivedMs;
      counts.answered(totalMs);
      limit.observe(totalMs, tookMs, settings.targetP99Ms, largestSize(settings));
      const result = resultOf(i);
      if (result instanceof Error) settle(request, "failureCount", ({ reject }) => reject(result));
      else settle(request, "successCount", ({ resolve }) => resolve(result));
    }
    decideSoon();
    changes.next();
  };

  const wait = (
    request: Request,
    signal: AbortSignal | undefined,
    deadlineMs: number,
  ): Promise<Result> =>
    new Promise((resolve, reject) => {
      const onAbort = (): void => {
        request.waiters.delete(waiter);
        waiter.release();
        counts.add("cancelCount");
        reject(signal?.reason);
        if (request.waiters.size > 0) {
          request.deadlineMs = firstDeadline(request);
        } else if (request.abandon === undefined) leave(request);
        else request.abandon();
        decideSoon();
      };
      const waiter: Waiter<Result> = {
        resolve,
        reject,
        deadlineMs,
        release: () => signal?.removeEventListener("abort", onAbort),
      };
      request.waiters.add(waiter);
      request.deadlineMs = firstDeadline(request);
      signal?.addEventListener("abort", onAbort, { once: true });
      decideSoon();
    });

  const refuse = (error: unknown): never => {
    counts.add("rejectCount");
    throw error;
  };

  /** What the options say of an item; where they throw, the item is refused. */
  const describe = (item: Item): Pick<Request, "key" | "cost" | "bucket" | "stream"> => {
    try {
      return {
        key: options.key?.(item),
        cost: options.cost?.(item) ?? 1,
        bucket: options.bucket?.(item) ?? "",
        stream: options.stream?.(item),
      };
    } catch (error) {
      return refuse(error);
    }
  };

  const stats = (): BatcherStats => {
    const nowMs = clock.nowMs();
    const learnt = [...models].map(([bucket, { cost, rate }]): [string, BucketStats] => [
      bucket,
      { cost: cost.cost, ratePerMs: rate(nowMs) },
    ]);
    return counts.read({
      pendingCount: queue.size,
      runningCount: runningItems,
      batchLimit: largest(),
      buckets: Object.fromEntries(learnt),
    });
  };

  let closing: Promise<void> | undefined;
  return {
    async submit(item, { signal, priority = 0, withinMs = Number.POSITIVE_INFINITY } = {}) {
      counts.add("requestCount");
      if (signal?.aborted) {
        counts.add("cancelCount");
        throw signal.reason;
      }
      if (isClosed) return refuse(closed());
      if (!(withinMs >= 0)) return refuse(wrongOption("withinMs", withinMs));
      if (!Number.isFinite(priority)) return refuse(wrongOption("priority", priority));
      const { key, cost, bucket, stream } = describe(item);
      const nowMs = clock.nowMs();
      const deadlineMs = nowMs + withinMs;
      const same = key === undefined ? undefined : shared.get(key);
      if (same !== undefined && same.waiters.size > 0) {
        counts.add("joinCount");
        hurry(same, priority);
        return await wait(same, signal, deadlineMs);
      }
      if (!(cost >= 0) || cost > settings.budget) return refuse(tooLarge(cost, settings.budget));
      if (queue.size >= settings.capacity) return refuse(overflow(settings.capacity));
      const request: Request = {
        ...{ item, bucket, key, stream, cost, number: number++ },
        ...{ arrivedMs: nowMs, deadlineMs, priority, score: 0, waiters: new Set() },
        abandon: undefined,
      };
      if (key !== undefined) shared.set(key, request);
      queue.add(request);
      modelOf(bucket).arrive(nowMs);
      return await wait(request, signal, deadlineMs);
    },
    update(knobs) {
      const before = settings;
      settings = batcherSettings(knobs, before);
      if (settings.ageingMs !== before.ageingMs) queue.reorder();
      decideSoon();
    },
    stats,
    stats$: new Observable((subscriber) => {
      subscriber.next(stats());
      return changes.subscribe({
        next: () => subscriber.next(stats()),
        complete: () => subscriber.complete(),
      });
    }),
    close() {
      closing ??= new Promise<void>((resolve) => {
        isClosed = true;
        onDrained = resolve;
        decideSoon();
      }).then(() => changes.complete());
      return closing;
    },
    async [Symbol.asyncDispose]() {
      await this.close();
    },
  };

  /** Who joins with a higher priority raises it for all; a stream keeps its order. */
  function hurry(request: Request, priority: number): void {
    if (request.abandon !== undefined || request.stream !== undefined) return;
    if (priority <= request.priority) return;
    queue.remove(request);
    request.priority = priority;
    queue.add(request);
  }
}

function firstDeadline(request: {
  readonly waiters: ReadonlySet<{ readonly deadlineMs: number }>;
}): number {
  // Not Math.min: so many may have joined that they are no list of arguments any more.
  let first = Number.POSITIVE_INFINITY;
  for (const { deadlineMs } of request.waiters) first = Math.min(first, deadlineMs);
  return first;
}
