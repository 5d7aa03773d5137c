import { Subject } from "rxjs";
import { describe, expect, it } from "vitest";
import { describeSink } from "../testing/describe-sink.ts";
import { type MemorySink, memorySink } from "../testing/memory-sink.ts";
import { settles } from "../testing/settles.ts";
import type { BranchWatermark, Sink, SinkWriter, Watermark } from "./contracts.ts";
import { discard } from "./discard.ts";
import { fromItems } from "./from-items.ts";
import { optional } from "./optional.ts";
import { pipeline } from "./pipeline.ts";
import { tee } from "./tee.ts";

let memory: MemorySink<string>;
describeSink("describeSink: optional", {
  create: () => {
    memory = memorySink();
    return optional(memory);
  },
  items: ["a", "b", "c"],
  read: async () => memory.items,
});

const diskFull = (): Promise<never> => Promise.reject(new Error("disk full"));
const never = (): Promise<never> => new Promise(() => {});
const failure = 'sink "page" failed: disk full';

/** A sink with single members replaced, and what was called on it. */
function page(parts: Partial<SinkWriter<string, unknown>>) {
  const calls: string[] = [];
  const sink: Sink<string, unknown> = {
    ...discard<string>(),
    name: "page",
    async open(context) {
      const writer = { ...(await discard<string>().open(context)), ...parts };
      const called = <R>(name: string, result: R): R => {
        calls.push(name);
        return result;
      };
      return {
        watermark$: writer.watermark$,
        write: (item) => called("write", writer.write(item)),
        close: () => called("close", writer.close()),
        abort: (reason) => called("abort", writer.abort(reason)),
        [Symbol.asyncDispose]: () => called("dispose", writer[Symbol.asyncDispose]()),
      };
    },
  };
  return { sink, calls };
}

describe("optional", () => {
  it("passes everything on and returns the result where all is well", async () => {
    const { sink, calls } = page({});
    const result = await pipeline(fromItems(["a", "b"])).to(optional(sink)).result;
    expect(result).toEqual({ ok: true, value: { items: 2, units: 2 } });
    expect(calls).toEqual(["write", "write", "close", "dispose"]);
  });

  it.each<[string, Partial<SinkWriter<string, unknown>>, readonly string[]]>([
    ["write()", { write: diskFull }, ["write", "abort", "dispose"]],
    ["close()", { close: diskFull }, ["write", "write", "close", "abort", "dispose"]],
  ])("lets the run go on after a failure of %s, and tells it", async (_, parts, order) => {
    const { sink, calls } = page(parts);
    const main = memorySink<string>({ durable: true });
    const run = pipeline(fromItems(["a", "b"])).to(tee(main, optional(sink)));
    const warnings: unknown[] = [];
    run.events$.subscribe((event) => event.type === "warning" && warnings.push(event.message));
    let last: unknown;
    let marks: readonly BranchWatermark[] = [];
    run.watermark$.subscribe(({ items, branches = [] }) => {
      last = items;
      marks = branches;
    });
    const [items, beside] = await run.result;
    expect(items).toEqual(["a", "b"]);
    expect(beside).toMatchObject({ ok: false, error: { message: failure } });
    expect(last).toEqual({ accepted: 2, durable: 2 });
    const written = order.filter((call) => call === "write").length;
    expect(marks).toEqual([
      { sink: "memory", accepted: 2, durable: 2 },
      // What it had accepted before it failed, and not what it was spared.
      { sink: "page", accepted: order.includes("close") ? written : 0, durable: 0 },
    ]);
    expect(warnings).toEqual(['The run goes on without sink "page": disk full']);
    expect(calls).toEqual(order);
  });

  it("releases what it does not pass on", async () => {
    let released = 0;
    const item = { release: () => (released += 1) };
    const { sink } = page({ write: diskFull });
    const run = pipeline(fromItems([item, item])).to(optional(sink as Sink<unknown, unknown>));
    await run.result;
    expect(released).toBe(1);
  });

  it("goes on after a failure of the watermark, also in the middle of a write", async () => {
    const watermark$ = new Subject<Watermark>();
    const { sink } = page({
      watermark$,
      write() {
        watermark$.error(new Error("disk full"));
        return never();
      },
    });
    const run = pipeline(fromItems(["a", "b"])).to(optional(sink));
    expect(await settles(run.result, "run.result")).toMatchObject({
      ok: false,
      error: { message: failure },
    });
  });

  it("says a failure of disposal and keeps the result, which is there", async () => {
    const { sink } = page({ [Symbol.asyncDispose]: diskFull });
    const run = pipeline(fromItems(["a"])).to(optional(sink));
    const types: string[] = [];
    run.events$.subscribe(({ type }) => types.push(type));
    expect(await run.result).toMatchObject({ ok: true });
    expect(types).toEqual(["run-start", "warning", "run-done"]);
  });

  it("ends the run where it cannot be opened", async () => {
    const sink: Sink<string> = { ...discard<string>(), name: "page", open: diskFull };
    const run = pipeline(fromItems(["a"])).to(optional(sink));
    await expect(run.result).rejects.toThrow(failure);
  });

  it("ends with an abort, which is no failure of its own", async () => {
    const reason = new Error("enough");
    const abort = new AbortController();
    const { sink, calls } = page({
      write: () =>
        new Promise((_, reject) => {
          abort.signal.addEventListener("abort", () => reject(new Error("cut off")));
        }),
    });
    const run = pipeline(fromItems(["a"])).to(optional(sink), { signal: abort.signal });
    const types: string[] = [];
    run.events$.subscribe(({ type }) => types.push(type));
    setTimeout(() => abort.abort(reason), 20);
    await expect(run.result).rejects.toBe(reason);
    expect(types).toEqual(["run-start", "run-error"]);
    expect(calls).toEqual(["write", "abort", "dispose"]);
  });
});
