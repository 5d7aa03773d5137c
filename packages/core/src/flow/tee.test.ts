import { BehaviorSubject, Subject } from "rxjs";
import { describe, expect, it } from "vitest";
import { memorySink } from "../testing/memory-sink.ts";
import { settles } from "../testing/settles.ts";
import { testContext } from "../testing/test-context.ts";
import type { Sink, Watermark } from "./contracts.ts";
import { discard } from "./discard.ts";
import { fromItems } from "./from-items.ts";
import { pipeline } from "./pipeline.ts";
import { tee } from "./tee.ts";

/** A sink whose watermark the test drives and whose calls it can read. */
function drivenSink(name: string, durable: boolean) {
  const mark$ = new BehaviorSubject<Watermark>({ accepted: 0, durable: 0 });
  const calls: string[] = [];
  const failures: Record<string, Error> = {};
  const call = async (what: string): Promise<void> => {
    calls.push(what);
    if (failures[what]) throw failures[what];
  };
  const sink: Sink<string, string> = {
    apiVersion: 1,
    name,
    capabilities: { durable, resume: true },
    async open() {
      await call("open");
      return {
        watermark$: mark$,
        write: () => call("write"),
        async close() {
          await call("close");
          return `result of ${name}`;
        },
        abort: () => call("abort"),
        [Symbol.asyncDispose]: () => call("dispose"),
      };
    },
  };
  return { sink, mark$, calls, failures };
}

describe("tee", () => {
  it("gives each item to both and returns both results", async () => {
    const run = pipeline(fromItems(["a", "b"])).to(tee(memorySink<string>(), discard()));
    expect(await run.result).toEqual([["a", "b"], { items: 2, units: 2 }]);
  });

  it("is durable when one is, resumes only when both do, and bears both names", () => {
    const a = drivenSink("a", true).sink;
    const b = discard<string>();
    expect(tee(a, b)).toMatchObject({
      name: "a+discard",
      capabilities: { durable: true, resume: false },
    });
  });

  it.each([
    { aDurable: true, bDurable: true, durable: 1 },
    { aDurable: true, bDurable: false, durable: 3 },
    { aDurable: false, bDurable: true, durable: 1 },
    { aDurable: false, bDurable: false, durable: 0 },
  ])("reports the lower watermark of those that count: %o", async (given) => {
    const a = drivenSink("a", given.aDurable);
    const b = drivenSink("b", given.bDurable);
    const writer = await tee(a.sink, b.sink).open(testContext());
    let last: Watermark | undefined;
    writer.watermark$.subscribe((mark) => {
      last = mark;
    });
    expect(last).toEqual({ accepted: 0, durable: 0 });
    a.mark$.next({ accepted: 5, durable: given.aDurable ? 3 : 0 });
    expect(last).toEqual({ accepted: 0, durable: 0 });
    b.mark$.next({ accepted: 4, durable: given.bDurable ? 1 : 0 });
    expect(last).toEqual({ accepted: 4, durable: given.durable });
  });

  it.each(["a", "b"] as const)("fails with the failure of either: %s", async (which) => {
    const sinks = { a: drivenSink("a", false), b: drivenSink("b", false) };
    sinks[which].failures["write"] = new Error("disk full");
    const run = pipeline(fromItems(["x"])).to(tee(sinks.a.sink, sinks.b.sink));
    await expect(run.result).rejects.toMatchObject({ message: 'sink "a+b" failed: disk full' });
    for (const { calls } of Object.values(sinks)) {
      expect(calls).toEqual(["open", "write", "abort", "dispose"]);
    }
  });

  it("lets go of the first sink when the second cannot be opened", async () => {
    const a = drivenSink("a", false);
    const b = drivenSink("b", false);
    b.failures["open"] = new Error("no such host");
    a.failures["abort"] = new Error("and this one fails too");
    await expect(tee(a.sink, b.sink).open(testContext())).rejects.toThrow("no such host");
    expect(a.calls).toEqual(["open", "abort", "dispose"]);
  });

  it("lets go of the first sink when the second is still opening at an abort", async () => {
    const a = drivenSink("a", false);
    const abort = new AbortController();
    const reason = new Error("enough");
    const stuck: Sink<string> = {
      ...discard<string>(),
      open: () => {
        queueMicrotask(() => abort.abort(reason));
        return new Promise<never>(() => {});
      },
    };
    const opening = tee(a.sink, stuck).open(testContext({ signal: abort.signal }));
    await expect(settles(opening, "open()")).rejects.toBe(reason);
    expect(a.calls).toEqual(["open", "abort", "dispose"]);
  });

  it("aborts and disposes of both even when one of them fails at it", async () => {
    const a = drivenSink("a", false);
    const b = drivenSink("b", false);
    a.failures["abort"] = new Error("stuck");
    const writer = await tee(a.sink, b.sink).open(testContext());
    await writer.abort(new Error("enough"));
    await writer[Symbol.asyncDispose]();
    expect(b.calls).toEqual(["open", "abort", "dispose"]);
  });

  it("takes a watermark that is subscribable and nothing more, as a plugin may give it", async () => {
    const { sink, mark$ } = drivenSink("a", false);
    const bare: Sink<string, string> = {
      ...sink,
      async open(context) {
        const writer = await sink.open(context);
        const subscribe = mark$.subscribe.bind(mark$);
        return { ...writer, watermark$: { subscribe } as typeof mark$ };
      },
    };
    const writer = await tee(bare, drivenSink("b", true).sink).open(testContext());
    const marks: Watermark[] = [];
    writer.watermark$.subscribe((mark) => marks.push(mark));
    expect(marks).toEqual([{ accepted: 0, durable: 0 }]);
  });

  it("passes on the failure of a watermark", async () => {
    const mark$ = new Subject<Watermark>();
    const failing: Sink<string> = {
      ...discard<string>(),
      async open(context) {
        const writer = await discard<string>().open(context);
        return { ...writer, watermark$: mark$, async close() {} };
      },
    };
    const writer = await tee(failing, discard<string>()).open(testContext());
    const errors: unknown[] = [];
    writer.watermark$.subscribe({ error: (error: unknown) => errors.push(error) });
    mark$.error("lost");
    expect(errors).toEqual(["lost"]);
  });
});
