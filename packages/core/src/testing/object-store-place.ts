import { expect } from "vitest";
import type { GetOptions, ObjectQuery, ObjectStore } from "../objects/object-store.ts";
import type { DescribeObjectStoreOptions } from "./describe-object-store.ts";
import { settles } from "./settles.ts";

/** Longest that anything may take: a store may be far away. */
const SETTLE_MS = 20_000;

/** What a check may ask besides its store. */
export interface StoreSurroundings {
  /** Rejects unless the promise settles in time. */
  settles<T>(promise: PromiseLike<T>, what: string): Promise<T>;
  /** Rejects when puts that ended early have left something. */
  expectNothingLeft(): Promise<void>;
}

/** Runs a check on an empty store, and closes it afterwards. */
export async function withStore(
  options: DescribeObjectStoreOptions,
  check: (store: ObjectStore, surroundings: StoreSurroundings) => Promise<void>,
): Promise<void> {
  const { settleMs = SETTLE_MS } = options;
  await using store = await options.create();
  await check(store, {
    settles: (promise, what) => settles(promise, what, settleMs),
    async expectNothingLeft() {
      if (options.leftOvers === undefined) return;
      await expect
        .poll(() => options.leftOvers?.(), { message: "what is left of puts that ended early" })
        .toEqual([]);
    },
  });
}

/** All that a read gives. */
export async function bytesOf(
  store: ObjectStore,
  key: string,
  options?: GetOptions,
): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of store.get(key, options)) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** All that a read gives, as text. */
export async function textOf(
  store: ObjectStore,
  key: string,
  options?: GetOptions,
): Promise<string> {
  return (await bytesOf(store, key, options)).toString();
}

/** The keys of all pages of a listing. */
export async function keysOf(store: ObjectStore, query: ObjectQuery = {}): Promise<string[]> {
  const keys: string[] = [];
  let after: string | undefined;
  do {
    const page = await store.list({ ...query, ...(after === undefined ? {} : { after }) });
    keys.push(...page.objects.map(({ key }) => key));
    after = page.next;
  } while (after !== undefined);
  return keys;
}
