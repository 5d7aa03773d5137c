import { abortable } from "../flow/abortable.ts";
import type { Source } from "../flow/contracts.ts";

/** A source that tells what was asked of it. The counters run over all its passes. */
export interface CountingSource extends Source<number> {
  /** Calls of `next()`. */
  readonly pulled: number;
  /** Passes begun: those with at least one `next()`. */
  readonly opened: number;
  /** Calls of `return()`, also on a pass that had already ended. */
  readonly returned: number;
  /** Passes begun that ended: by `return()`, at the last number, or by an abort. */
  readonly released: number;
}

/** Options of {@link countingSource}. */
export interface CountingSourceOptions {
  /** The number at which `next()` stays pending until the signal aborts. @defaultValue never */
  readonly stallAt?: number;
}

/**
 * The numbers from 0 to `count - 1`, and a count of every pull: to see how far a stage reads ahead, and
 * whether it closes what it opened.
 *
 * @example
 * ```ts
 * import { pipeline } from "@millrace/core";
 * import { countingSource } from "@millrace/core/testing";
 *
 * const source = countingSource(1_000);
 * for await (const n of pipeline(source)) if (n === 2) break;
 * console.log(source.pulled, source.returned); // 3 1
 * ```
 */
export function countingSource(count: number, options: CountingSourceOptions = {}): CountingSource {
  let pulled = 0;
  let opened = 0;
  let returned = 0;
  let released = 0;
  return {
    apiVersion: 1,
    name: "counting",
    get pulled() {
      return pulled;
    },
    get opened() {
      return opened;
    },
    get returned() {
      return returned;
    },
    get released() {
      return released;
    },
    open: ({ signal }) => ({
      [Symbol.asyncIterator](): AsyncIterator<number> {
        let state: "new" | "open" | "ended" = "new";
        let position = 0;
        const end = (): void => {
          if (state === "open") released += 1;
          state = "ended";
        };
        return {
          async next() {
            pulled += 1;
            if (state === "new") {
              opened += 1;
              state = "open";
            }
            if (signal.aborted) end();
            signal.throwIfAborted();
            if (state === "ended" || position >= count) {
              end();
              return { done: true, value: undefined };
            }
            if (position === options.stallAt) {
              try {
                await abortable(new Promise<never>(() => {}), signal);
              } finally {
                end();
              }
            }
            return { done: false, value: position++ };
          },
          async return() {
            returned += 1;
            end();
            return { done: true, value: undefined };
          },
        };
      },
    }),
  };
}
