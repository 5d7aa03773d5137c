import type { ObjectStore } from "../objects/object-store.ts";
import { registerChecks } from "./conformance.ts";
import { objectStoreChecks } from "./object-store-checks.ts";

/** What {@link describeObjectStore} needs to know of a store. Whatever is left out is shown as skipped. */
export interface DescribeObjectStoreOptions {
  /** Makes a store with nothing in it; called anew for each check, which closes it. */
  create(): ObjectStore | Promise<ObjectStore>;
  /** What lies in the store made last beside its complete objects, by name: parts of puts that ended early. */
  leftOvers?(): Promise<readonly string[]>;
  /** Whether the store gives URLs, as its capabilities say. @defaultValue false */
  readonly presign?: boolean;
  /** Length of the largest object that is put. @defaultValue 20 MiB */
  readonly largeBytes?: number;
  /** Keys that the store is known not to take, though the contract says it should. */
  readonly exceptKeys?: readonly string[];
  /** Rules that the store is known to break: the title of each, and why. They show as skipped. */
  readonly except?: Readonly<Record<string, string>>;
  /** Longest that anything may take to settle. @defaultValue 20_000 */
  readonly settleMs?: number;
}

/**
 * Registers the tests of the object store contract with Vitest: whole puts or none, ranges, keys, pages, aborts.
 *
 * @param label - title of the group
 * @example
 * ```ts no-run
 * import { folderObjects } from "@millrace/core/objects";
 * import { describeObjectStore } from "@millrace/core/testing";
 *
 * let stores = 0;
 * describeObjectStore("folderObjects", {
 *   create: () => folderObjects({ path: `stores/${stores++}` }),
 * });
 * ```
 */
export function describeObjectStore(label: string, options: DescribeObjectStoreOptions): void {
  const { except = {} } = options;
  const titles = objectStoreChecks.map(({ title }) => title);
  const unknown = Object.keys(except).find((title) => !titles.includes(title));
  if (unknown !== undefined) throw new Error(`There is no rule "${unknown}" to except.`);
  const checks = objectStoreChecks.map((check) => ({
    ...check,
    missing: (it: DescribeObjectStoreOptions) => except[check.title] ?? check.missing?.(it),
  }));
  registerChecks(label, checks, options);
}
