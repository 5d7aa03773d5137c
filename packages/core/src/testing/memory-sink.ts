import { BehaviorSubject } from "rxjs";
import { MillraceError } from "../errors.ts";
import type { Sink, Watermark } from "../flow/contracts.ts";

/** A sink that keeps what it is given; see {@link memorySink}. */
export interface MemorySink<T> extends Sink<T, readonly T[]> {
  /** What the newest writer was given so far; also after an abort. */
  readonly items: readonly T[];
}

/** Options of {@link memorySink}. */
export interface MemorySinkOptions {
  /** Report every accepted item as durable too. @defaultValue false */
  readonly durable?: boolean;
}

/**
 * A sink for tests and examples that keeps its items in an array; the reference for the sink contract.
 *
 * @returns a sink whose result is the array; each `open` starts a new one
 * @example
 * ```ts
 * import { fromItems, pipeline } from "@millrace/core";
 * import { memorySink } from "@millrace/core/testing";
 *
 * const kept = await pipeline(fromItems(["a", "b"])).to(memorySink<string>()).result;
 * console.log(kept); // [ 'a', 'b' ]
 * ```
 */
export function memorySink<T>(options: MemorySinkOptions = {}): MemorySink<T> {
  const { durable = false } = options;
  let newest: readonly T[] = [];
  return {
    apiVersion: 1,
    name: "memory",
    capabilities: { durable, resume: false },
    get items() {
      return newest;
    },
    async open({ signal }) {
      signal.throwIfAborted();
      const items: T[] = [];
      newest = items;
      const watermark$ = new BehaviorSubject<Watermark>({ accepted: 0, durable: 0 });
      const end = async (): Promise<void> => watermark$.complete();
      return {
        watermark$,
        async write(item) {
          signal.throwIfAborted();
          if (watermark$.isStopped) {
            throw new MillraceError("CLOSED", "This memory sink's writer was closed or aborted.");
          }
          items.push(item);
          watermark$.next({ accepted: items.length, durable: durable ? items.length : 0 });
        },
        async close() {
          watermark$.complete();
          return items;
        },
        abort: end,
        [Symbol.asyncDispose]: end,
      };
    },
  };
}
