import { wrapError } from "../errors.ts";

/**
 * Settles like `promise`, or rejects with `signal.reason` as soon as the signal aborts, whichever is
 * first. The promise itself goes on; its later rejection is swallowed.
 */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) {
    promise.catch(() => {});
    return Promise.reject(signal.reason);
  }
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

/**
 * Puts a border around a plugin's iterable: it is opened at the first `next()`, an abort is seen even
 * while its `next()` never settles, and a failure leaves it wrapped once under the plugin's name.
 */
export function guarded<T>(
  open: () => AsyncIterable<T>,
  where: string,
  signal: AbortSignal,
): AsyncIterableIterator<T> {
  let iterator: AsyncIterator<T> | undefined;
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= (async () => {
      await iterator?.return?.();
    })();
    return closing;
  };
  const toldError = (error: unknown): unknown =>
    signal.aborted && error === signal.reason ? error : wrapError(error, where);
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      try {
        signal.throwIfAborted();
        iterator ??= open()[Symbol.asyncIterator]();
        return await abortable(iterator.next(), signal);
      } catch (error) {
        // A generator's return() waits for its pending next(), so it is asked but not awaited.
        close().catch(() => {});
        throw toldError(error);
      }
    },
    async return() {
      const closed = close();
      try {
        await abortable(closed, signal);
      } catch (error) {
        // The abort has been told by next(), or will be; letting go needs no second telling.
        if (!signal.aborted) throw toldError(error);
      }
      return { done: true, value: undefined };
    },
  };
}
