import type { Source } from "./contracts.ts";

/**
 * A source of items that are already there, for tests, examples and small data.
 *
 * @param items - delivered in order; a generator would be used up by the first pass
 * @param name - used in messages
 */
export function fromItems<T>(items: Iterable<T> | AsyncIterable<T>, name = "items"): Source<T> {
  return {
    apiVersion: 1,
    name,
    async *open({ signal }) {
      for await (const item of items) {
        signal.throwIfAborted();
        yield item;
      }
    },
  };
}
