import fc from "fast-check";
import { BehaviorSubject, Subject } from "rxjs";
import { describe, expect, expectTypeOf, it } from "vitest";
import { countingSource } from "../testing/counting-source.ts";
import { memorySink } from "../testing/memory-sink.ts";
import { settles, someTurns } from "../testing/settles.ts";
import { testContext } from "../testing/test-context.ts";
import type { BranchWatermark, Sink, Watermark } from "./contracts.ts";
import { discard } from "./discard.ts";
import { fromItems } from "./from-items.ts";
import { type OptionalResult, optional } from "./optional.ts";
import { pipeline } from "./pipeline.ts";
import type { Run } from "./run.ts";
import { tee } from "./tee.ts";

/** A sink whose watermark the test drives and whose calls it can read. */
function drivenSink(name: string, durable: boolean) {
  const mark$ = new BehaviorSubject<Watermark>({ accepted: 0, durable: 0 });
  const calls: string[] = [];
  const failures: Record<string, Error> = {};
  const busy: Record<string, () => Promise<void>> = {};
  const call = async (what: string): Promise<void> => {
    calls.push(what);
    await busy[what]?.();
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
  return { sink, mark$, calls, failures, busy };
}

/** A sink that keeps its items and takes some turns of the event loop over each, with the last `tail` in hand. */
function slowSink(turns: readonly number[], tail: number, durable: boolean) {
  const items: number[] = [];
  let taking = 0;
  const sink: Sink<number, readonly number[]> = {
    apiVersion: 1,
    name: `slow-${turns.join("-")}`,
    capabilities: { durable, resume: false },
    async open() {
      const watermark$ = new BehaviorSubject<Watermark>({ accepted: 0, durable: 0 });
      const accept = (accepted: number): void =>
        watermark$.next({ accepted, durable: durable ? accepted : 0 });
      const end = async (): Promise<void> => watermark$.complete();
      return {
        watermark$,
        async write(item) {
          taking += 1;
          expect(taking, "writes at once").toBe(1);
          await someTurns(turns[items.length % turns.length]);
          items.push(item);
          taking -= 1;
          if (items.length > tail) accept(items.length - tail);
        },
        async close() {
          accept(items.length);
          watermark$.complete();
          return items;
        },
        abort: end,
        [Symbol.asyncDispose]: end,
      };
    },
  };
  return { sink, items };
}

const branchArbitrary = fc.record({
  turns: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 3 }),
  tail: fc.integer({ min: 0, max: 3 }),
  durable: fc.boolean(),
});

describe("tee", () => {
  it("gives each item to all and returns all results, typed", async () => {
    const run = pipeline(fromItems(["a", "b"])).to(
      tee(memorySink<string>(), optional(discard<string>()), discard()),
    );
    type Counts = { readonly items: number; readonly units: number };
    expectTypeOf(run).toEqualTypeOf<
      Run<readonly [readonly string[], OptionalResult<Counts>, Counts]>
    >();
    expect(await run.result).toEqual([
      ["a", "b"],
      { ok: true, value: { items: 2, units: 2 } },
      { items: 2, units: 2 },
    ]);
  });

  it("takes sinks of one kind as an array, a single one, and not none", async () => {
    const sinks = [1, 2, 3].map(() => memorySink<string>());
    const run = pipeline(fromItems(["a"])).to(tee(...sinks));
    expectTypeOf(run.result).resolves.toEqualTypeOf<readonly (readonly string[])[]>();
    expect(await run.result).toEqual([["a"], ["a"], ["a"]]);
    expect(await pipeline(fromItems(["a"])).to(tee(memorySink<string>())).result).toEqual([["a"]]);
    expect(() => tee()).toThrow(
      expect.objectContaining({
        code: "INVALID_OPTION",
        message: "tee: no sink is given; give one or more.",
      }),
    );
  });

  it("loses nothing, keeps the order and goes at the pace of the slowest", async () => {
    const branches = fc.array(branchArbitrary, { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(branches, fc.integer({ min: 0, max: 8 }), async (given, length) => {
        const sinks = given.map(({ turns, tail, durable }) => slowSink(turns, tail, durable));
        const source = countingSource(length);
        const written: number[] = [];
        const run = pipeline(source, async function* watch(numbers) {
          for await (const n of numbers) {
            // The next item is asked for when every sink has the one before.
            for (const { items } of sinks) expect(items).toEqual(written);
            yield n;
            written.push(n);
          }
        }).to(tee(...sinks.map(({ sink }) => sink)));
        const seen: (readonly BranchWatermark[])[] = [];
        run.watermark$.subscribe(({ items, branches = [] }) => {
          if (branches.length > 0) {
            expect(items.accepted).toBe(Math.min(...branches.map(({ accepted }) => accepted)));
          }
          seen.push(branches);
        });
        const all = Array.from({ length }, (_, n) => n);
        expect(await run.result).toEqual(sinks.map(() => all));
        expect(seen.at(-1)).toEqual(
          sinks.map(({ sink }) => ({
            sink: sink.name,
            accepted: length,
            durable: sink.capabilities.durable ? length : 0,
          })),
        );
      }),
      { numRuns: 40 },
    );
  });

  it("is durable when one is, resumes only when all do, and bears all names", () => {
    const a = drivenSink("a", true).sink;
    const b = drivenSink("b", false).sink;
    expect(tee(a, discard<string>(), b)).toMatchObject({
      name: "a+discard+b",
      capabilities: { durable: true, resume: false },
    });
    expect(tee(b, a).capabilities).toEqual({ durable: true, resume: true });
    expect(tee(b).capabilities).toEqual({ durable: false, resume: true });
  });

  it("reports the lowest watermark of those that count, and each one beside it", async () => {
    const step = fc.record({
      branch: fc.nat({ max: 3 }),
      accept: fc.nat({ max: 3 }),
      endure: fc.nat({ max: 3 }),
    });
    const flags = fc.array(fc.boolean(), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(flags, fc.array(step, { maxLength: 20 }), async (durables, steps) => {
        const sinks = durables.map((durable, i) => drivenSink(`${i}`, durable));
        const writer = await tee(...sinks.map(({ sink }) => sink)).open(testContext());
        const marks = durables.map(() => ({ accepted: 0, durable: 0 }));
        let last: Watermark | undefined;
        writer.watermark$.subscribe((mark) => {
          last = mark;
        });
        const check = (): void => {
          const accepted = Math.min(...marks.map((mark) => mark.accepted));
          const counting = marks.filter((_, i) => durables[i]).map(({ durable }) => durable);
          expect(last).toEqual({
            accepted,
            durable: counting.length > 0 ? Math.min(accepted, ...counting) : 0,
            branches: marks.map((mark, i) => ({ sink: `${i}`, ...mark })),
          });
        };
        check();
        for (const { branch, accept, endure } of steps) {
          const at = branch % durables.length;
          const mark = marks[at] as { accepted: number; durable: number };
          mark.accepted += accept;
          if (durables[at]) mark.durable = Math.min(mark.accepted, mark.durable + endure);
          sinks[at]?.mark$.next({ ...mark });
          check();
        }
      }),
    );
  });

  it("says the branches of a tee within, and how far an optional sink has really come", async () => {
    const [a, b, c, d] = ["a", "b", "c", "d"].map((name) => drivenSink(name, true));
    if (!a || !b || !c || !d) throw new Error("four sinks");
    const sink = tee(tee(a.sink, optional(b.sink)), optional(tee(c.sink, d.sink)));
    const writer = await sink.open(testContext());
    let last: Watermark | undefined;
    writer.watermark$.subscribe((mark) => {
      last = mark;
    });
    for (const { mark$ } of [a, b, c]) mark$.next({ accepted: 5, durable: 4 });
    d.mark$.next({ accepted: 9, durable: 8 });
    await writer.write("x");
    expect(last).toEqual({
      accepted: 1,
      durable: 1,
      branches: [
        { sink: "a", accepted: 5, durable: 4 },
        { sink: "b", accepted: 5, durable: 4 },
        { sink: "c", accepted: 5, durable: 4 },
        { sink: "d", accepted: 9, durable: 8 },
      ],
    });
  });

  it("frees an item when the last of its sinks has released it", async () => {
    const log: string[] = [];
    const item = { values: [1, 2], release: () => log.push("freed") };
    const releasing = (name: string, turns: number): Sink<typeof item, unknown> => ({
      ...discard<typeof item>(),
      async open(context) {
        const writer = await discard<typeof item>().open(context);
        return {
          ...writer,
          async write(share) {
            await someTurns(turns);
            log.push(`${name} ${share.values.length}`);
            await writer.write(share);
          },
        };
      },
    });
    const sinks = [releasing("a", 2), releasing("b", 6), releasing("c", 4)];
    await pipeline(fromItems([item])).to(tee(...sinks)).result;
    expect(log).toEqual(["a 2", "c 2", "b 2", "freed"]);
  });

  it.each(["a", "b", "c"] as const)("fails with the failure of any, by name: %s", async (which) => {
    const cause = new Error("disk full");
    for (const [call, calls] of [
      ["write", ["open", "write", "abort", "dispose"]],
      ["close", ["open", "write", "close", "abort", "dispose"]],
      ["dispose", ["open", "write", "close", "dispose"]],
    ] as const) {
      const sinks = ["a", "b", "c"].map((name) => drivenSink(name, false));
      const failing = sinks.find(({ sink }) => sink.name === which);
      if (failing !== undefined) failing.failures[call] = cause;
      const run = pipeline(fromItems(["x"])).to(tee(...sinks.map(({ sink }) => sink)));
      const message = `sink "${which}" failed: disk full`;
      await expect(run.result).rejects.toMatchObject({ message, cause });
      for (const [index, sink] of sinks.entries()) {
        // They are closed in order, and those behind the one that fails are not.
        const isReached = call !== "close" || index <= ["a", "b", "c"].indexOf(which);
        expect(sink.calls).toEqual(calls.filter((name) => name !== "close" || isReached));
      }
    }
  });

  it("leaves no rejection unread when one sink throws and another rejects later", async () => {
    const later: Sink<string> = {
      ...discard<string>(),
      async open(context) {
        const writer = await discard<string>().open(context);
        const write = async (): Promise<void> => {
          await someTurns(2);
          throw new Error("later");
        };
        return { ...writer, write, async close() {} };
      },
    };
    const throwing: Sink<string> = {
      ...discard<string>(),
      name: "throwing",
      async open(context) {
        const writer = await discard<string>().open(context);
        const write = (): never => {
          throw new Error("at once");
        };
        return { ...writer, write, async close() {} };
      },
    };
    const run = pipeline(fromItems(["x"])).to(tee(later, throwing));
    // Vitest fails a run with an unhandled rejection.
    await expect(run.result).rejects.toThrow('sink "throwing" failed: at once');
    await someTurns(5);
  });

  it("lets go of the sinks before one that cannot be opened, and leaves those behind it", async () => {
    const a = drivenSink("a", false);
    const b = drivenSink("b", false);
    const c = drivenSink("c", false);
    const d = drivenSink("d", false);
    c.failures["open"] = new Error("no such host");
    a.failures["abort"] = new Error("and this one fails too");
    await expect(tee(a.sink, b.sink, c.sink, d.sink).open(testContext())).rejects.toThrow(
      'sink "c" failed: no such host',
    );
    expect(a.calls).toEqual(["open", "abort", "dispose"]);
    expect(b.calls).toEqual(["open", "abort", "dispose"]);
    expect(d.calls).toEqual([]);
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

  it("aborts and disposes of all even when one of them fails at it", async () => {
    const a = drivenSink("a", false);
    const b = drivenSink("b", false);
    const c = drivenSink("c", false);
    a.failures["abort"] = new Error("stuck");
    b.failures["dispose"] = new Error("stuck");
    const writer = await tee(a.sink, b.sink, c.sink).open(testContext());
    await writer.abort(new Error("enough"));
    let disposed = false;
    c.busy["dispose"] = async () => {
      await someTurns();
      disposed = true;
    };
    await expect(writer[Symbol.asyncDispose]()).rejects.toThrow('sink "b" failed: stuck');
    expect(disposed).toBe(true);
    expect(c.calls).toEqual(["open", "abort", "dispose"]);
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
    expect(marks).toMatchObject([{ accepted: 0, durable: 0 }]);
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
    expect(errors).toMatchObject([{ message: 'sink "discard" failed: lost', cause: "lost" }]);
  });
});
