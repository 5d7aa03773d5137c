import { expect } from "vitest";
import type { ConformanceCheck } from "./conformance.ts";
import type { DescribeObjectStoreOptions } from "./describe-object-store.ts";
import { expectRefused } from "./expect-refused.ts";
import { objectPutChecks } from "./object-put-checks.ts";
import { bytesOf, keysOf, textOf, withStore } from "./object-store-place.ts";

const KEYS = [
  ...["a", "a/b", "a/b/c", "a//b", "/a", "a/", "a//", "/", "b c", "ü/日本 語/😀.zip"],
  ...["..", "../x", "x/../../y", "./x", ".hidden", "...", "a%2Fb", "100%", "%+", "a%", "a%+"],
  ...[
    "back\\slash",
    "q?a=b&c=d#e",
    "plus+plus",
    'quo"te',
    "new\nline",
    "a:b*c<d>|e",
    "~",
    "A",
    "-",
  ],
  ...["x".repeat(1_024), `${"y".repeat(400)}/${"z".repeat(400)}`, "ж".repeat(512), ".".repeat(600)],
  ...["x".repeat(300), `${"x".repeat(240)}!`, `${"x".repeat(240)}/n`, "x".repeat(240)],
];
const PRESIGN_MS = 60_000;

/** The rules of the object store contract, in the order in which `describeObjectStore` tests them. */
export const objectStoreChecks: readonly ConformanceCheck<DescribeObjectStoreOptions>[] = [
  {
    title: "declares its contract version, a name and its capabilities",
    run: (options) =>
      withStore(options, async (store) => {
        expect(store.apiVersion, "apiVersion").toBe(1);
        expect(store.name, "a store needs a name for messages").toMatch(/\S/);
        expect(store.capabilities, "capabilities").toEqual({ presign: options.presign ?? false });
        expect(store.presign !== undefined, "whether presign() is there").toBe(
          store.capabilities.presign,
        );
      }),
  },
  ...objectPutChecks,
  {
    title: "reads any range, and nothing behind the end",
    run: (options) =>
      withStore(options, async (store) => {
        await store.put("key", [Buffer.from("01234"), Buffer.from("56789")]);
        const read = (offset: number, length?: number): Promise<string> =>
          textOf(store, "key", { offset, ...(length === undefined ? {} : { length }) });
        expect(await read(0), "from 0").toBe("0123456789");
        expect(await read(7), "from 7").toBe("789");
        expect(await read(2, 3), "3 from 2").toBe("234");
        expect(await read(9, 1), "the last").toBe("9");
        expect(await read(4, 100), "more than there is").toBe("456789");
        expect(await read(4, 0), "none").toBe("");
        expect(await read(10), "from the end").toBe("");
        expect(await read(1_000, 5), "far behind the end").toBe("");
        await expectRefused(read(-1), "INVALID_OPTION", "a negative offset");
        await expectRefused(read(0, 0.5), "INVALID_OPTION", "half a byte");
      }),
  },
  {
    title: "notices that an object was replaced",
    run: (options) =>
      withStore(options, async (store) => {
        const first = await store.put("key", [Buffer.from("first")]);
        if (first.etag === undefined) throw new Error("put() gives no etag");
        expect(await textOf(store, "key", { etag: first.etag }), "with its etag").toBe("first");
        const second = await store.put("key", [Buffer.from("other")]);
        expect(second.etag, "etag after a replacement").not.toBe(first.etag);
        await expectRefused(
          textOf(store, "key", { etag: first.etag }),
          "CORRUPT_INPUT",
          "reading with the old etag",
        );
      }),
  },
  {
    title: "says what is not there",
    run: (options) =>
      withStore(options, async (store) => {
        await expectRefused(store.head("none"), "NOT_FOUND", "head() of no object");
        await expectRefused(textOf(store, "none"), "NOT_FOUND", "get() of no object");
        await store.delete("none");
        await store.put("some/key", [Buffer.from("x")]);
        await expectRefused(store.head("some"), "NOT_FOUND", "head() of a prefix");
        await expectRefused(textOf(store, "some/"), "NOT_FOUND", "get() of a prefix");
        await store.delete("some");
        expect(await textOf(store, "some/key"), "the object").toBe("x");
        await store.delete("some/key");
        await store.delete("some/key");
        await expectRefused(store.head("some/key"), "NOT_FOUND", "head() of a deleted object");
        expect(await keysOf(store), "the list").toEqual([]);
      }),
  },
  {
    title: "takes any key, and no other",
    run: (options) =>
      withStore(options, async (store) => {
        const keys = KEYS.filter((key) => !options.exceptKeys?.includes(key));
        for (const key of keys) await store.put(key, [Buffer.from(`at ${key}`)]);
        for (const key of keys) {
          expect(await textOf(store, key), `object ${JSON.stringify(key)}`).toBe(`at ${key}`);
          expect((await store.head(key)).key, "key of its head").toBe(key);
        }
        const bytes = (key: string): Buffer => Buffer.from(key);
        const sorted = [...keys].sort((a, b) => bytes(a).compare(bytes(b)));
        expect(await keysOf(store), "the list, by bytes").toEqual(sorted);
        expect(await keysOf(store, { limit: 3 }), "the list in pages").toEqual(sorted);
        for (const key of keys) await store.delete(key);
        expect(await keysOf(store), "the list after deletions").toEqual([]);
        for (const key of ["", "x".repeat(1_025), "lone\ud800"]) {
          await expectRefused(store.put(key, []), "INVALID_OPTION", "put() of no key");
          await expectRefused(store.head(key), "INVALID_OPTION", "head() of no key");
          await expectRefused(textOf(store, key), "INVALID_OPTION", "get() of no key");
          await expectRefused(store.delete(key), "INVALID_OPTION", "delete() of no key");
        }
      }),
  },
  {
    title: "lists in pages, by prefix, in the order of keys",
    run: (options) =>
      withStore(options, async (store) => {
        const keys = ["a", "b-1", "b/1", "b/2", "b/3/x", "b0", "c/ä", "c/z", "d"];
        for (const key of [...keys].reverse()) await store.put(key, [Buffer.from(key)]);
        const all = await store.list();
        expect(
          all.objects.map(({ key, sizeBytes }) => [key, sizeBytes]),
          "keys and sizes",
        ).toEqual(
          ["a", "b-1", "b/1", "b/2", "b/3/x", "b0", "c/z", "c/ä", "d"].map((key) => [
            key,
            Buffer.byteLength(key),
          ]),
        );
        expect(all.next, "next of the only page").toBeUndefined();
        expect(await keysOf(store, { prefix: "b/" }), "b/").toEqual(["b/1", "b/2", "b/3/x"]);
        expect(await keysOf(store, { prefix: "b" }), "b").toHaveLength(5);
        expect(await keysOf(store, { prefix: "b/3/x" }), "a key").toEqual(["b/3/x"]);
        expect(await keysOf(store, { prefix: "none/" }), "nothing").toEqual([]);
        expect(await keysOf(store, { prefix: "b/", limit: 1 }), "one by one").toHaveLength(3);
        const two = await store.list({ limit: 2 });
        expect(two.objects, "a page of two").toHaveLength(2);
        const behind = await store.list({ after: "b/15" });
        expect(behind.objects[0]?.key, "behind a key that is not there").toBe("b/2");
        await expectRefused(store.list({ limit: 0 }), "INVALID_OPTION", "a page of none");
      }),
  },
  {
    title: "lets a reader leave early, and stop by its signal",
    run: (options) =>
      withStore(options, async (store, { settles }) => {
        await store.put("key", [Buffer.alloc(2_000_000, 1)]);
        for (let i = 0; i < 5; i++) {
          for await (const bytes of store.get("key")) {
            expect(bytes.length, "bytes of a piece").toBeGreaterThan(0);
            break;
          }
        }
        const reason = new Error("enough");
        const abort = new AbortController();
        const read = async (): Promise<void> => {
          for await (const _ of store.get("key", { signal: abort.signal })) abort.abort(reason);
        };
        const error = await settles(
          read().catch((thrown: unknown) => thrown),
          "get() after its signal",
        );
        expect(error, "what get() rejects with").toBe(reason);
        const signal = AbortSignal.abort(reason);
        for (const call of [store.head("key", { signal }), store.list({ signal })]) {
          expect(await call.catch((thrown: unknown) => thrown), "an aborted call").toBe(reason);
        }
        await expect(store.delete("key", { signal })).rejects.toBe(reason);
        expect((await bytesOf(store, "key")).length, "the object").toBe(2_000_000);
      }),
  },
  {
    title: "gives URLs that let their holder read and write",
    missing: ({ presign }) => (presign ? undefined : "it gives no URLs"),
    run: (options) =>
      withStore(options, async (store) => {
        await store.put("a b/ü.txt", [Buffer.from("by url")]);
        const url = await store.presign?.("a b/ü.txt", { method: "GET", expiresMs: PRESIGN_MS });
        expect(await (await fetch(url ?? "")).text(), "what the URL gives").toBe("by url");
        const target = await store.presign?.("put.txt", { method: "PUT", expiresMs: PRESIGN_MS });
        expect((await fetch(target ?? "", { method: "PUT", body: "from outside" })).ok, "PUT").toBe(
          true,
        );
        expect(await textOf(store, "put.txt"), "what was put").toBe("from outside");
        const never = store.presign?.("put.txt", { method: "GET", expiresMs: 0 });
        await expectRefused(Promise.resolve(never), "INVALID_OPTION", "a URL that never holds");
      }),
  },
  {
    title: "refuses calls after it was closed",
    run: (options) =>
      withStore(options, async (store, { settles }) => {
        await store.put("key", [Buffer.from("x")]);
        await settles(store[Symbol.asyncDispose](), "closing");
        await settles(store[Symbol.asyncDispose](), "closing again");
        await expectRefused(store.put("key", []), "CLOSED", "put() after closing");
        await expectRefused(store.head("key"), "CLOSED", "head() after closing");
        await expectRefused(textOf(store, "key"), "CLOSED", "get() after closing");
        await expectRefused(store.list(), "CLOSED", "list() after closing");
        await expectRefused(store.delete("key"), "CLOSED", "delete() after closing");
      }),
  },
];
