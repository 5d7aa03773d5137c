import { from, type ObservableInput, type Subscription } from "rxjs";
import { MillraceError } from "../errors.ts";
import type { RunContext } from "./context.ts";
import type { Stage } from "./contracts.ts";
import { wholeNumber } from "./whole-number.ts";

/** Bounds of {@link mergePull}. */
export interface MergePullOptions {
  /** Items in work at once, 1 or more. */
  readonly concurrency: number;
  /** Finished items that may wait for the consumer, 0 or more. @defaultValue `concurrency` */
  readonly highWaterMark?: number;
  /** Deliver in the order of the input. @defaultValue true */
  readonly ordered?: boolean;
}

/** One item in work: what it produced and nobody took yet. */
interface Slot<O> {
  readonly ready: O[];
  /** Set while an iterable result is being walked; a step is taken only when its turn has come. */
  iterator?: Iterator<O> | AsyncIterator<O>;
  /** A step of the iterator is under way. */
  stepping: boolean;
  subscription?: Subscription;
  finished: boolean;
  failure?: { readonly error: unknown };
}

/**
 * A stage that works on several items at once and still reads ahead by a bound: never more than
 * `concurrency + highWaterMark` items are pulled and not yet delivered.
 *
 * When the stage ends early, by a failure, an abort or its consumer, work that is still under way sees
 * `context.signal` abort.
 *
 * `mergeMap(project, n)` over an async iterable limits what runs but reads the whole input ahead; this
 * is its counterpart with demand. `project` may return a promise, an iterable, an async iterable (both
 * walked only as fast as the consumer takes them) or an Observable (collected until taken).
 *
 * @param project - the work on one item; given the item and the run's context
 * @throws MillraceError INVALID_OPTION when a bound is no whole number in its range
 * @example
 * ```ts
 * import { fromItems, mergePull, pipeline } from "@millrace/core";
 *
 * const doubled = pipeline(
 *   fromItems([1, 2, 3]),
 *   mergePull(async (n: number) => n * 2, { concurrency: 2 }),
 * );
 * for await (const n of doubled) console.log(n);
 * ```
 */
export function mergePull<I, O>(
  project: (item: I, context: RunContext) => ObservableInput<O>,
  options: MergePullOptions,
): Stage<I, O> {
  const { concurrency, highWaterMark = concurrency, ordered = true } = options;
  wholeNumber("mergePull: concurrency", concurrency, 1);
  wholeNumber("mergePull: highWaterMark", highWaterMark, 0);

  return async function* mergePull(input, context) {
    const stop = new AbortController();
    const inner = { ...context, signal: AbortSignal.any([context.signal, stop.signal]) };
    const source = input[Symbol.asyncIterator]();
    const slots: Slot<O>[] = [];
    let pulling = false;
    let exhausted = false;
    let inputFailure: { readonly error: unknown } | undefined;
    let wake = (): void => {};

    const running = (): number => slots.reduce((n, slot) => n + (slot.finished ? 0 : 1), 0);
    const pull = (): void => {
      if (pulling || exhausted || stop.signal.aborted) return;
      if (running() >= concurrency || slots.length >= concurrency + highWaterMark) return;
      pulling = true;
      source.next().then(
        (result) => {
          pulling = false;
          if (stop.signal.aborted) return;
          if (result.done) exhausted = true;
          else slots.push(startSlot(project, result.value, inner, changed));
          changed();
        },
        (error: unknown) => {
          pulling = false;
          exhausted = true;
          inputFailure = { error };
          changed();
        },
      );
    };
    // Pulling goes on while the consumer is busy with what it was given.
    const changed = (): void => {
      pull();
      wake();
    };

    context.signal.addEventListener("abort", changed, { once: true });
    try {
      while (true) {
        context.signal.throwIfAborted();
        pull();
        const slot = ordered ? slots[0] : slots.find(isReady);
        if (slot !== undefined && isReady(slot)) {
          if (slot.ready.length > 0) yield slot.ready.shift() as O;
          else if (slot.failure !== undefined) throw slot.failure.error;
          else slots.splice(slots.indexOf(slot), 1);
          continue;
        }
        if (slots.length === 0 && exhausted) {
          if (inputFailure !== undefined) throw inputFailure.error;
          return;
        }
        for (const waiting of ordered ? slots.slice(0, 1) : slots) step(waiting, changed);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } catch (error) {
      stop.abort(error);
      throw error;
    } finally {
      context.signal.removeEventListener("abort", changed);
      if (slots.length > 0 || pulling) {
        stop.abort(new MillraceError("ABORTED", "The consumer of mergePull stopped early."));
      }
      await Promise.all(slots.map(closeSlot));
      const closing = exhausted ? undefined : source.return?.();
      // While next() is pending, return() would wait for it; then the abort has already been told.
      if (pulling) closing?.catch(() => {});
      else await closing;
    }
  };
}

function isReady<O>(slot: Slot<O>): boolean {
  return slot.ready.length > 0 || slot.finished;
}

function startSlot<I, O>(
  project: (item: I, context: RunContext) => ObservableInput<O>,
  item: I,
  context: RunContext,
  changed: () => void,
): Slot<O> {
  const slot: Slot<O> = { ready: [], stepping: false, finished: false };
  try {
    const work: unknown = project(item, context);
    if (typeof work === "object" && work !== null && Symbol.asyncIterator in work) {
      slot.iterator = (work as AsyncIterable<O>)[Symbol.asyncIterator]();
    } else if (typeof work === "object" && work !== null && Symbol.iterator in work) {
      slot.iterator = (work as Iterable<O>)[Symbol.iterator]();
    } else {
      slot.subscription = from(work as ObservableInput<O>).subscribe({
        next: (value) => {
          slot.ready.push(value);
          changed();
        },
        error: (error: unknown) => finish(slot, changed, { error }),
        complete: () => finish(slot, changed),
      });
    }
  } catch (error) {
    finish(slot, changed, { error });
  }
  return slot;
}

/** Takes one value from an iterable result, unless a step is under way already. */
function step<O>(slot: Slot<O>, changed: () => void): void {
  const { iterator } = slot;
  if (iterator === undefined || slot.stepping) return;
  slot.stepping = true;
  const next = async (): Promise<IteratorResult<O>> => await iterator.next();
  next().then(
    (result) => {
      slot.stepping = false;
      if (result.done) return finish(slot, changed);
      slot.ready.push(result.value);
      changed();
    },
    (error: unknown) => finish(slot, changed, { error }),
  );
}

function finish<O>(
  slot: Slot<O>,
  changed: () => void,
  failure?: { readonly error: unknown },
): void {
  delete slot.iterator;
  slot.finished = true;
  if (failure !== undefined) slot.failure = failure;
  changed();
}

/** Lets go of what an item still holds. Its own complaints are not the reason why the stage ended. */
async function closeSlot<O>(slot: Slot<O>): Promise<void> {
  slot.subscription?.unsubscribe();
  const close = async (): Promise<unknown> => await slot.iterator?.return?.();
  const closing = close().catch(() => {});
  // A generator's return() waits for its pending step.
  if (!slot.stepping) await closing;
}
