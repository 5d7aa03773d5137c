import { createHash } from "node:crypto";
import { expect } from "vitest";
import type { ConformanceCheck } from "./conformance.ts";
import type { DescribeObjectStoreOptions } from "./describe-object-store.ts";
import { expectRefused } from "./expect-refused.ts";
import { keysOf, textOf, withStore } from "./object-store-place.ts";

const LARGE_BYTES = 20 * 1024 * 1024;
const PIECE_BYTES = 300_007;

/** Putting: whole, or not at all. */
export const objectPutChecks: readonly ConformanceCheck<DescribeObjectStoreOptions>[] = [
  {
    title: "keeps what is put, and describes it",
    run: (options) =>
      withStore(options, async (store) => {
        const put = await store.put("a/key", pieces("Hello, ", "", "world"), {
          contentType: "text/plain",
        });
        expect(put, "what put() returns").toMatchObject({ key: "a/key", sizeBytes: 12 });
        expect(await store.head("a/key"), "what head() says").toMatchObject({
          ...{ key: "a/key", sizeBytes: 12, etag: put.etag },
        });
        expect(await textOf(store, "a/key"), "what get() gives").toBe("Hello, world");
        await store.put("a/key", [Buffer.from("shorter")]);
        expect(await textOf(store, "a/key"), "the object in its place").toBe("shorter");
        expect(await store.put("empty", []), "an empty object").toMatchObject({ sizeBytes: 0 });
        expect(await textOf(store, "empty"), "an empty object").toBe("");
        const [object] = (await store.list({ prefix: "a/" })).objects;
        expect(object, "what list() says").toMatchObject({ key: "a/key", sizeBytes: 7 });
        expect((await store.head("a/key")).etag, "etags agree").toBe(object?.etag);
      }),
  },
  {
    title: "keeps a large body of unknown length, which it pulls",
    run: (options) =>
      withStore(options, async (store, { settles }) => {
        const { largeBytes = LARGE_BYTES } = options;
        const said = createHash("sha256");
        async function* body(): AsyncGenerator<Uint8Array> {
          for (let bytes = 0, i = 0; bytes < largeBytes; bytes += PIECE_BYTES, i++) {
            const piece = Buffer.alloc(Math.min(PIECE_BYTES, largeBytes - bytes), `${i},`);
            said.update(piece);
            yield piece;
            // A store may not keep the piece that it was given: the caller may use its memory again.
            piece.fill(0);
          }
        }
        const put = await settles(store.put("large", body()), "put() of a large body");
        expect(put.sizeBytes, "sizeBytes").toBe(largeBytes);
        const kept = createHash("sha256");
        let bytes = 0;
        for await (const piece of store.get("large")) {
          kept.update(piece);
          bytes += piece.length;
        }
        expect(bytes, "bytes read").toBe(largeBytes);
        expect(kept.digest("hex"), "SHA-256 of what was read").toBe(said.digest("hex"));
      }),
  },
  {
    title: "shows nothing of an object before it is complete",
    run: (options) =>
      withStore(options, async (store, { settles }) => {
        await store.put("old", [Buffer.from("old")]);
        const puts = [];
        const gate = Promise.withResolvers<void>();
        for (const key of ["new", "old"]) {
          const begun = Promise.withResolvers<void>();
          puts.push(
            store.put(
              key,
              (async function* () {
                yield Buffer.from("first ");
                begun.resolve();
                await gate.promise;
                yield Buffer.from("second");
              })(),
            ),
          );
          await settles(begun.promise, "the second pull");
        }
        await expectRefused(store.head("new"), "NOT_FOUND", "head() of half an object");
        expect(await keysOf(store), "the list").toEqual(["old"]);
        expect(await textOf(store, "old"), "the old object").toBe("old");
        gate.resolve();
        await settles(Promise.all(puts), "put()");
        expect(await textOf(store, "new"), "the new object").toBe("first second");
        expect(await textOf(store, "old"), "the object in its place").toBe("first second");
      }),
  },
  {
    title: "leaves everything as it was when the body throws",
    run: (options) =>
      withStore(options, async (store, { settles, expectNothingLeft }) => {
        await store.put("old", [Buffer.from("old")]);
        const thrown = new Error("the upload broke off");
        for (const key of ["old", "new"]) {
          for (const bytes of [0, 10, options.largeBytes ?? LARGE_BYTES]) {
            const put = store.put(
              key,
              (async function* () {
                for (let left = bytes; left > 0; left -= PIECE_BYTES) {
                  yield Buffer.alloc(Math.min(left, PIECE_BYTES));
                }
                throw thrown;
              })(),
            );
            const error = await settles(
              put.catch((error: unknown) => error),
              "put()",
            );
            expect(error, `what put() rejects with after ${bytes} bytes`).toBe(thrown);
          }
        }
        expect(await keysOf(store), "the list").toEqual(["old"]);
        expect(await textOf(store, "old"), "the old object").toBe("old");
        await expectNothingLeft();
      }),
  },
  {
    title: "leaves everything as it was when its signal aborts, even while the body hangs",
    run: (options) =>
      withStore(options, async (store, { settles, expectNothingLeft }) => {
        const reason = new Error("cancelled");
        for (const bytes of [10, options.largeBytes ?? LARGE_BYTES]) {
          const abort = new AbortController();
          const hanging = Promise.withResolvers<void>();
          const put = store.put(
            "key",
            (async function* () {
              for (let left = bytes; left > 0; left -= PIECE_BYTES) {
                yield Buffer.alloc(Math.min(left, PIECE_BYTES));
              }
              hanging.resolve();
              await new Promise(() => {});
            })(),
            { signal: abort.signal },
          );
          put.catch(() => {});
          await settles(hanging.promise, "the body");
          abort.abort(reason);
          const error = await settles(
            put.catch((error: unknown) => error),
            "put()",
          );
          expect(error, "what put() rejects with").toBe(reason);
        }
        const early = store.put("key", [Buffer.from("x")], { signal: AbortSignal.abort(reason) });
        expect(await early.catch((error: unknown) => error), "put() after an abort").toBe(reason);
        expect(await keysOf(store), "the list").toEqual([]);
        await expectNothingLeft();
      }),
  },
  {
    title: "lets a body go that it does not need any more",
    run: (options) =>
      withStore(options, async (store, { settles }) => {
        const closed = Promise.withResolvers<void>();
        async function* body(): AsyncGenerator<Uint8Array> {
          try {
            while (true) yield Buffer.alloc(1_000);
          } finally {
            closed.resolve();
          }
        }
        const put = store.put("key", body(), { sizeBytes: 10_000 });
        await expectRefused(settles(put, "put()"), "CORRUPT_INPUT", "a body that never ends");
        await settles(closed.promise, "return() of the body");
      }),
  },
  {
    title: "refuses a body of another length than was said",
    run: (options) =>
      withStore(options, async (store, { expectNothingLeft }) => {
        const body = [Buffer.from("12345"), Buffer.from("67890")];
        await store.put("right", body, { sizeBytes: 10 });
        expect(await textOf(store, "right"), "the right length").toBe("1234567890");
        for (const sizeBytes of [0, 9, 11]) {
          const put = store.put("wrong", body, { sizeBytes });
          await expectRefused(put, "CORRUPT_INPUT", `10 bytes said to be ${sizeBytes}`);
        }
        expect(await keysOf(store), "the list").toEqual(["right"]);
        await expectNothingLeft();
      }),
  },
  {
    title: "keeps one whole body of several that are put at once",
    run: (options) =>
      withStore(options, async (store, { settles, expectNothingLeft }) => {
        const bodies = ["a", "b", "c", "d"].map((letter) => letter.repeat(10_000));
        await settles(
          Promise.all(bodies.map((body) => store.put("key", [Buffer.from(body)]))),
          "puts at once",
        );
        expect(bodies, "one of the bodies").toContain(await textOf(store, "key"));
        await expectNothingLeft();
      }),
  },
];

async function* pieces(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}
