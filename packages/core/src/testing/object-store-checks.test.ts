import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { folderObjects } from "../objects/folder/folder-objects.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import type { DescribeObjectStoreOptions } from "./describe-object-store.ts";
import { failuresOf } from "./failures-of.ts";
import { objectStoreChecks } from "./object-store-checks.ts";

/** A store over another one, with a fault. */
type Fault = (store: ObjectStore) => Partial<ObjectStore>;

let folder = "";
let stores = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-broken-"));
});
afterAll(() => rm(folder, { recursive: true }));

const optionsWith = (fault: Fault): DescribeObjectStoreOptions => ({
  ...{ settleMs: 2_000, largeBytes: 1_000_000 },
  create() {
    stores += 1;
    const store = folderObjects({ path: join(folder, `${stores}`) });
    return { ...store, ...fault(store) };
  },
});

const FAULTS: readonly (readonly [what: string, fault: Fault, rule: string, said: RegExp])[] = [
  [
    "shows an object before it is complete",
    (store) => ({
      async put(key, body, options) {
        await store.put(key, [Buffer.from("something")]);
        return await store.put(key, body, options);
      },
    }),
    "shows nothing of an object before it is complete",
    /head\(\) of half an object should reject with a MillraceError NOT_FOUND, and resolves/,
  ],
  [
    "keeps what came before the body threw",
    (store) => ({
      async put(key, body) {
        const pieces: Uint8Array[] = [];
        const pull = async (): Promise<void> => {
          for await (const piece of body) pieces.push(Buffer.from(piece));
        };
        const failed = await pull().then(
          () => undefined,
          (error: unknown) => error,
        );
        const put = await store.put(key, pieces);
        if (failed !== undefined) throw failed;
        return put;
      },
    }),
    "leaves everything as it was when the body throws",
    /the list|the old object/,
  ],
  [
    "keeps the pieces and not their bytes",
    (store) => ({
      async put(key, body, options) {
        const pieces: Uint8Array[] = [];
        for await (const piece of body) pieces.push(piece);
        return await store.put(key, pieces, options);
      },
    }),
    "keeps a large body of unknown length, which it pulls",
    /SHA-256 of what was read/,
  ],
  [
    "reads one byte too many",
    (store) => ({
      get: (key, { length, ...options } = {}) =>
        store.get(key, { ...options, ...(length === undefined ? {} : { length: length + 1 }) }),
    }),
    "reads any range, and nothing behind the end",
    /3 from 2/,
  ],
  [
    "takes the backslash for a slash",
    (store) => ({
      put: (key, body, options) => store.put(key.replaceAll("\\", "/"), body, options),
    }),
    "takes any key, and no other",
    /back\\\\slash|there is no such object/,
  ],
  [
    "ignores its signal while the body hangs",
    (store) => ({ put: (key, body) => store.put(key, body) }),
    "leaves everything as it was when its signal aborts, even while the body hangs",
    /put\(\) did not settle/,
  ],
];

describe("the checks of an object store", () => {
  it.each(FAULTS)("tell a store that %s", async (_, fault, rule, said) => {
    const checks = objectStoreChecks.filter(({ title }) => title === rule);
    expect(checks).toHaveLength(1);
    expect(
      await failuresOf(
        checks,
        optionsWith(() => ({})),
      ),
    ).toEqual({});
    const { [rule]: failure } = await failuresOf(checks, optionsWith(fault));
    expect(failure).toMatch(said);
  });
});
