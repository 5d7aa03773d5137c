import type { Observable } from "rxjs";
import { MillraceError } from "../errors.ts";
import type { Source } from "./contracts.ts";
import { PushPass } from "./push-pass.ts";
import { wholeNumber } from "./whole-number.ts";

/**
 * What {@link fromPush} does with an item when its buffer is full.
 *
 * `error`: ends the flow with code OVERFLOW, after what is in the buffer. `drop-oldest`: the item that
 * waits longest makes room; with a capacity of 1 the newest one wins. `drop-newest`: the item itself is
 * left out.
 */
export type Overflow = "error" | "drop-oldest" | "drop-newest";

/** Options of {@link fromPush}. */
export interface FromPushOptions {
  /** Items that may wait for the flow, 1 or more. There is no default: it is what you can afford to hold. */
  readonly capacity: number;
  /** @defaultValue `"error"` */
  readonly overflow?: Overflow;
  /** Used in messages. @defaultValue `"push"` */
  readonly name?: string;
}

/** A source of what an Observable pushes; see {@link fromPush}. */
export interface PushSource<T> extends Source<T> {
  /** Items dropped so far, over all passes. */
  readonly dropped: number;
}

const OVERFLOWS: readonly unknown[] = ["error", "drop-oldest", "drop-newest"] satisfies Overflow[];

/**
 * A source out of an Observable, which pushes and cannot be asked to wait: a bounded buffer stands
 * between the two, and `overflow` says what happens when it is full.
 *
 * Subscribes at the first `next()` of each pass, and unsubscribes when the pass ends, in whatever way.
 * What is dropped is released and counted: in `dropped`, and by a `warning` event at the first one and
 * another with the total at the end. A failure of the Observable follows after the items in the buffer.
 *
 * @throws MillraceError INVALID_OPTION when capacity or overflow is none
 * @throws MillraceError OVERFLOW from the pass, when the buffer is full and nothing may be dropped
 * @example
 * ```ts
 * import { discard, fromPush, pipeline } from "@millrace/core";
 * import { interval, take } from "rxjs";
 *
 * const ticks = fromPush(interval(1).pipe(take(5)), { capacity: 100, overflow: "drop-oldest" });
 * const { items } = await pipeline(ticks).to(discard()).result;
 * console.log(items, ticks.dropped); // 5 0
 * ```
 */
export function fromPush<T>(stream$: Observable<T>, options: FromPushOptions): PushSource<T> {
  const { capacity, overflow = "error", name = "push" } = options;
  wholeNumber("fromPush: capacity", capacity, 1);
  if (!OVERFLOWS.includes(overflow)) {
    throw new MillraceError(
      "INVALID_OPTION",
      `fromPush: overflow is ${JSON.stringify(overflow)}; give one of ${OVERFLOWS.join(", ")}.`,
    );
  }
  let dropped = 0;
  const onDrop = (): void => {
    dropped += 1;
  };
  return {
    apiVersion: 1,
    name,
    get dropped() {
      return dropped;
    },
    open: (context) => new PushPass(stream$, { capacity, overflow, name }, context, onDrop),
  };
}
