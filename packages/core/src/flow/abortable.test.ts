import { describe, expect, it } from "vitest";
import { MillraceError } from "../errors.ts";
import { settles } from "../testing/settles.ts";
import { abortable, guarded } from "./abortable.ts";

const never = new Promise<never>(() => {});
const reason = new Error("enough");

describe("abortable", () => {
  it("settles like its promise", async () => {
    const { signal } = new AbortController();
    await expect(abortable(Promise.resolve(1), signal)).resolves.toBe(1);
    await expect(abortable(Promise.reject(reason), signal)).rejects.toBe(reason);
  });

  it("rejects with the reason at once, before and after the call", async () => {
    await expect(abortable(never, AbortSignal.abort(reason))).rejects.toBe(reason);
    const abort = new AbortController();
    const waiting = abortable(never, abort.signal);
    abort.abort(reason);
    await expect(settles(waiting, "the waiting promise")).rejects.toBe(reason);
  });

  it("swallows the rejection that comes too late", async () => {
    const late = Promise.reject(new Error("late"));
    await expect(abortable(late, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});

describe("guarded", () => {
  const log: string[] = [];
  const iterable = (parts: Partial<AsyncIterator<number>>): AsyncIterable<number> => ({
    [Symbol.asyncIterator]: () => ({
      next: async () => ({ done: false, value: 1 }),
      async return() {
        log.push("return");
        return { done: true, value: undefined };
      },
      ...parts,
    }),
  });

  it("opens at the first next() and not before", async () => {
    let opened = 0;
    const open = () => {
      opened += 1;
      return iterable({});
    };
    const items = guarded(open, "source", new AbortController().signal);
    await items.return?.();
    expect(opened).toBe(0);
    const others = guarded(open, "source", new AbortController().signal);
    await others.next();
    await others.next();
    expect(opened).toBe(1);
  });

  it("wraps what open, next() and return() throw, also synchronously", async () => {
    const { signal } = new AbortController();
    const thrower = () => {
      throw new Error("broken");
    };
    const expected = { message: 'source "x" failed: broken', code: "INTERNAL" };
    await expect(guarded(thrower, 'source "x"', signal).next()).rejects.toMatchObject(expected);
    for (const next of [thrower, () => Promise.reject(new Error("broken"))]) {
      const items = guarded(() => iterable({ next }), 'source "x"', signal);
      await expect(items.next()).rejects.toMatchObject(expected);
    }
    const items = guarded(() => iterable({ return: thrower }), 'source "x"', signal);
    await items.next();
    await expect(items.return?.()).rejects.toMatchObject(expected);
  });

  it("passes a MillraceError through", async () => {
    const error = new MillraceError("NOT_FOUND", "no such file");
    const next = () => Promise.reject(error);
    const items = guarded(() => iterable({ next }), "source", new AbortController().signal);
    await expect(items.next()).rejects.toBe(error);
  });

  it("rejects with the reason while next() is pending, and closes once", async () => {
    log.length = 0;
    const abort = new AbortController();
    const items = guarded(() => iterable({ next: () => never }), "source", abort.signal);
    const pending = items.next();
    abort.abort(reason);
    await expect(settles(pending, "next()")).rejects.toBe(reason);
    await items.return?.();
    await items.return?.();
    expect(log).toEqual(["return"]);
  });

  it("does not pull again after an abort", async () => {
    let pulled = 0;
    const abort = new AbortController();
    const next = async () => ({ done: false, value: ++pulled });
    const items = guarded(() => iterable({ next }), "source", abort.signal);
    await items.next();
    abort.abort(reason);
    await expect(items.next()).rejects.toBe(reason);
    expect(pulled).toBe(1);
  });

  it("settles return() when the abort comes while it is pending", async () => {
    const abort = new AbortController();
    const items = guarded(() => iterable({ return: () => never }), "source", abort.signal);
    await items.next();
    const closing = settles(items.return?.() ?? never, "return()");
    abort.abort(reason);
    await expect(closing).resolves.toEqual({ done: true, value: undefined });
  });
});
