import { BehaviorSubject } from "rxjs";
import type { Sink } from "./contracts.ts";
import { itemCount } from "./origin.ts";
import { releaseItem } from "./release.ts";

/** What {@link discard} saw. */
export interface Discarded {
  readonly items: number;
  /** The items' counts: samples for series batches. */
  readonly units: number;
}

/** A sink that counts and lets go: for dry runs, and to measure what lies before a sink. */
export function discard<T>(): Sink<T, Discarded> {
  return {
    apiVersion: 1,
    name: "discard",
    capabilities: { durable: false, resume: false },
    async open() {
      const watermark$ = new BehaviorSubject({ accepted: 0, durable: 0 });
      let items = 0;
      let units = 0;
      const end = async (): Promise<void> => watermark$.complete();
      return {
        watermark$,
        async write(item) {
          items += 1;
          units += itemCount(item);
          releaseItem(item);
          watermark$.next({ accepted: items, durable: 0 });
        },
        async close() {
          watermark$.complete();
          return { items, units };
        },
        abort: end,
        [Symbol.asyncDispose]: end,
      };
    },
  };
}
