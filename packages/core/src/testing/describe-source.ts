import type { Source } from "../flow/contracts.ts";
import { registerChecks } from "./conformance.ts";
import { sourceChecks } from "./source-checks.ts";

/** What {@link describeSource} needs to know of a source. Whatever is left out is shown as skipped. */
export interface DescribeSourceOptions<T> {
  /** Makes the source; called anew for each check. */
  create(): Source<T> | Promise<Source<T>>;
  /** Everything that one pass delivers, in order; two items or more. */
  readonly expected: readonly T[];
  /** Compares one item. @defaultValue `expect(actual).toEqual(expected)` */
  equal?(actual: T, expected: T): boolean;
  /** Whether the order is fixed. @defaultValue true */
  readonly ordered?: boolean;
  /**
   * Things read so far beneath the source made last, of which one item needs one: rows, requests, members.
   * Without it read-ahead is not checked.
   */
  reads?(): number;
  /** Reads that may be ahead of the items taken. @defaultValue 0 */
  readonly readAhead?: number;
  /** Resources taken so far by the source made last: files, sockets. Without it and `released` letting go is not checked. */
  opened?(): number;
  /** Resources let go of so far by the source made last. */
  released?(): number;
  /** Makes a source that delivers nothing. */
  createEmpty?(): Source<T> | Promise<Source<T>>;
  /** Makes a source that fails at some point of its pass. */
  createFailing?(): Source<T> | Promise<Source<T>>;
  /** Makes a source whose first `next()` waits for something that never comes: a peer that does not answer. */
  createStalled?(): Source<T> | Promise<Source<T>>;
  /** Longest that anything may take to settle. @defaultValue 2000 */
  readonly settleMs?: number;
}

/**
 * Registers the tests of the source contract with Vitest: laziness, order, read-ahead, aborts, errors,
 * repeated passes, letting go.
 *
 * @param label - title of the group
 * @example
 * ```ts no-run
 * import { countingSource, describeSource } from "@millrace/core/testing";
 *
 * describeSource("countingSource", {
 *   create: () => countingSource(3),
 *   expected: [0, 1, 2],
 *   createEmpty: () => countingSource(0),
 * });
 * ```
 */
export function describeSource<T>(label: string, options: DescribeSourceOptions<T>): void {
  registerChecks<DescribeSourceOptions<unknown>>(label, sourceChecks, options);
}
