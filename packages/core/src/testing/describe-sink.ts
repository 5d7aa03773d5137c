import type { Sink } from "../flow/contracts.ts";
import { registerChecks } from "./conformance.ts";
import { sinkChecks } from "./sink-checks.ts";

/** What {@link describeSink} needs to know of a sink. Whatever is left out is shown as skipped. */
export interface DescribeSinkOptions<T> {
  /** Makes the sink, with an empty target; called anew for each check. */
  create(): Sink<T, unknown> | Promise<Sink<T, unknown>>;
  /** What the suite writes; three items or more. */
  readonly items: readonly T[];
  /**
   * What the target of the sink made last holds: its items in the order of writing, or how many of them.
   * Called at the very moment a watermark arrives, to see that it speaks the truth.
   */
  read?(): Promise<readonly T[] | number>;
  /** Compares one item that was read with what was written. @defaultValue `expect(actual).toEqual(expected)` */
  equal?(actual: T, expected: T): boolean;
  /** Longest that anything may take to settle. @defaultValue 2000 */
  readonly settleMs?: number;
}

/**
 * Registers the tests of the sink contract with Vitest: writing, watermarks that speak the truth, closing,
 * aborts at any time, disposal, repeated use.
 *
 * @param label - title of the group
 * @example
 * ```ts no-run
 * import { describeSink, type MemorySink, memorySink } from "@millrace/core/testing";
 *
 * let sink: MemorySink<string>;
 * describeSink("memorySink", {
 *   create: () => {
 *     sink = memorySink();
 *     return sink;
 *   },
 *   items: ["a", "b", "c"],
 *   read: async () => sink.items,
 * });
 * ```
 */
export function describeSink<T>(label: string, options: DescribeSinkOptions<T>): void {
  registerChecks<DescribeSinkOptions<unknown>>(label, sinkChecks, options);
}
