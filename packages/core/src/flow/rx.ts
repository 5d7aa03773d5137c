import type { OperatorFunction } from "rxjs";
import { abortable } from "./abortable.ts";
import type { Stage } from "./contracts.ts";
import { OperatorChain } from "./operator-chain.ts";

/**
 * A stage out of synchronous RxJS operators: `map`, `filter`, `scan`, `take`, `pairwise`, `bufferCount`,
 * `mergeMap` to values that are there.
 *
 * One item is pulled, sent through the operators, and whatever comes out at once is delivered before the
 * next one is pulled; at the end of the input comes what the operators still hold. So nothing is read
 * ahead, and over any items the stage delivers what `from(items).pipe(...operators)` does. When the
 * operators complete (`take`, `takeUntil`) or fail, the input is closed. A failure of the input passes
 * through the operators, so `catchError` sees it; an abort does not.
 *
 * An output that comes later (`delay`, `debounceTime`, `mergeMap` to a promise) would have nobody
 * waiting for it, so it is an error: {@link mergePull} is for work that takes time. So is a second
 * subscription to the input (`repeat`, `retry`), which can be read only once.
 *
 * @throws MillraceError UNSUPPORTED from the pass, when an operator is asynchronous or subscribes twice
 * @example
 * ```ts
 * import { fromItems, pipeline, rx } from "@millrace/core";
 * import { bufferCount, filter, map } from "rxjs";
 *
 * const pairs = pipeline(
 *   fromItems([1, 2, 3, 4, 5]),
 *   rx(
 *     filter((n: number) => n !== 2),
 *     map((n) => n * 10),
 *     bufferCount(2),
 *   ),
 * );
 * for await (const pair of pairs) console.log(pair); // [ 10, 30 ], then [ 40, 50 ]
 * ```
 */
export function rx<I, A>(first: OperatorFunction<I, A>): Stage<I, A>;
export function rx<I, A, B>(
  first: OperatorFunction<I, A>,
  second: OperatorFunction<A, B>,
): Stage<I, B>;
export function rx<I, A, B, C>(
  first: OperatorFunction<I, A>,
  second: OperatorFunction<A, B>,
  third: OperatorFunction<B, C>,
): Stage<I, C>;
export function rx<I, A, B, C, D>(
  first: OperatorFunction<I, A>,
  second: OperatorFunction<A, B>,
  third: OperatorFunction<B, C>,
  fourth: OperatorFunction<C, D>,
): Stage<I, D>;
export function rx<I, A, B, C, D, E>(
  first: OperatorFunction<I, A>,
  second: OperatorFunction<A, B>,
  third: OperatorFunction<B, C>,
  fourth: OperatorFunction<C, D>,
  fifth: OperatorFunction<D, E>,
): Stage<I, E>;
export function rx<I, A, B, C, D, E, F>(
  first: OperatorFunction<I, A>,
  second: OperatorFunction<A, B>,
  third: OperatorFunction<B, C>,
  fourth: OperatorFunction<C, D>,
  fifth: OperatorFunction<D, E>,
  sixth: OperatorFunction<E, F>,
): Stage<I, F>;
export function rx(
  ...operators: readonly OperatorFunction<never, unknown>[]
): Stage<unknown, unknown> {
  return async function* rx(input, { signal }) {
    signal.throwIfAborted();
    const source = input[Symbol.asyncIterator]();
    const chain = new OperatorChain(operators as OperatorFunction<unknown, unknown>[]);
    const wake = AbortSignal.any([signal, chain.ended]);
    let pending = false;
    let exhausted = false;
    /** Undefined where the operators have ended in the meantime. */
    const pull = async (): Promise<readonly unknown[] | undefined> => {
      let step: IteratorResult<unknown>;
      pending = true;
      try {
        step = await abortable(source.next(), wake);
      } catch (error) {
        signal.throwIfAborted();
        if (chain.ended.aborted) return undefined;
        pending = false;
        exhausted = true;
        return chain.error(error);
      }
      pending = false;
      if (!step.done) return chain.next(step.value);
      exhausted = true;
      return chain.complete();
    };
    try {
      let outputs: readonly unknown[] | undefined = chain.start();
      while (outputs !== undefined) {
        for (const output of outputs) {
          yield output;
          signal.throwIfAborted();
        }
        outputs = chain.ended.aborted ? undefined : await pull();
      }
      chain.throwFailure();
    } finally {
      try {
        chain.close();
      } finally {
        const closing = exhausted ? undefined : source.return?.();
        // While next() is pending, return() would wait for it.
        if (pending) closing?.catch(() => {});
        else await closing;
      }
    }
  };
}
