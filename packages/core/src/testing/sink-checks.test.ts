import { BehaviorSubject, Subject } from "rxjs";
import { describe, expect, it } from "vitest";
import type { Sink, SinkWriter, Watermark } from "../flow/contracts.ts";
import type { DescribeSinkOptions } from "./describe-sink.ts";
import { failuresOf } from "./failures-of.ts";
import { memorySink } from "./memory-sink.ts";
import { sinkChecks } from "./sink-checks.ts";

type Writer = SinkWriter<string, unknown>;

const items = ["a", "b", "c"];

/** A memory sink with single members of its writer replaced. */
function suiteOf(
  breakWriter: (writer: Writer, kept: string[]) => Partial<Writer>,
  sinkChanges: Partial<Sink<string, unknown>> = {},
): DescribeSinkOptions<unknown> {
  let kept: string[] = [];
  return {
    items,
    settleMs: 40,
    read: async () => kept,
    create(): Sink<unknown, unknown> {
      kept = [];
      const honest = memorySink<string>();
      return {
        ...honest,
        async open(context) {
          const target = kept;
          target.length = 0;
          const writer = await honest.open(context);
          const whole: Writer = {
            ...writer,
            async write(item) {
              target.push(item);
              await writer.write(item);
            },
          };
          return { ...whole, ...breakWriter(whole, target) } as SinkWriter<unknown, unknown>;
        },
        ...(sinkChanges as Partial<Sink<unknown, unknown>>),
      };
    },
  };
}

/** Replaces the watermark by one that the test drives. */
function drivenBy(drive: (mark$: BehaviorSubject<Watermark>, writer: Writer) => Partial<Writer>) {
  return (writer: Writer): Partial<Writer> => {
    const mark$ = new BehaviorSubject<Watermark>({ accepted: 0, durable: 0 });
    const end = async (): Promise<void> => mark$.complete();
    return {
      watermark$: mark$,
      close: end,
      abort: end,
      [Symbol.asyncDispose]: end,
      ...drive(mark$, writer),
    };
  };
}

const countingWrite =
  (mark$: BehaviorSubject<Watermark>, writer: Writer, change: (n: number) => Watermark) =>
  async (item: string): Promise<void> => {
    await writer.write(item);
    count += 1;
    mark$.next(change(count));
  };
let count = 0;

async function failures(options: DescribeSinkOptions<unknown>) {
  count = 0;
  return await failuresOf(sinkChecks, options);
}

describe("sinkChecks", () => {
  it("let an honest sink pass", async () => {
    expect(await failures(suiteOf(() => ({})))).toEqual({});
  });

  it("catch a sink that accepts what its target does not hold yet", async () => {
    const found = await failures(
      suiteOf((_, target) => {
        const mark$ = new BehaviorSubject<Watermark>({ accepted: 0, durable: 0 });
        let accepted = 0;
        const end = async (): Promise<void> => mark$.complete();
        return {
          watermark$: mark$,
          async write(item) {
            accepted += 1;
            mark$.next({ accepted, durable: 0 });
            await new Promise((resolve) => setImmediate(resolve));
            target.push(item);
          },
          close: end,
          abort: end,
          [Symbol.asyncDispose]: end,
        };
      }),
    );
    expect(Object.keys(found)).toEqual(["accepts no item that its target does not hold"]);
    expect(Object.values(found)[0]).toContain(
      "at accepted = 1 the target holds 0 items of 1: the watermark is not true",
    );
  });

  it("catch a watermark that goes backwards", async () => {
    const found = await failures(
      suiteOf(
        drivenBy((mark$, writer) => {
          let accepted = 0;
          return {
            async write(item) {
              await writer.write(item);
              accepted += 1;
              mark$.next({ accepted: 0, durable: 0 });
              mark$.next({ accepted, durable: 0 });
            },
          };
        }),
      ),
    );
    expect(found).toEqual({
      "keeps its watermark in order, and complete after close()":
        "watermark went backwards: accepted 0 after 1",
    });
  });

  it("catch a watermark that runs ahead of the writes", async () => {
    const found = await failures(
      suiteOf(
        drivenBy((m, w) => ({ write: countingWrite(m, w, () => ({ accepted: 9, durable: 0 })) })),
      ),
    );
    expect(found["keeps its watermark in order, and complete after close()"]).toBe(
      "watermark: accepted 9 when only 1 writes had begun",
    );
  });

  it("catch an item that is durable before it is accepted", async () => {
    const found = await failures(
      suiteOf(
        drivenBy((m, w) => ({ write: countingWrite(m, w, () => ({ accepted: 0, durable: 1 })) })),
      ),
    );
    expect(found["completes its watermark after abort()"]).toBe(
      "watermark: durable 1 is above accepted 0",
    );
  });

  it("catch a sink that promises durability and never reports it", async () => {
    const found = await failures(
      suiteOf(() => ({}), { capabilities: { durable: true, resume: false } }),
    );
    expect(found["keeps its watermark in order, and complete after close()"]).toContain(
      "items durable when close() had settled, in a sink that promises durability",
    );
  });

  it("catch a close() that leaves items unaccepted", async () => {
    const found = await failures(suiteOf(drivenBy((_, writer) => ({ write: writer.write }))));
    expect(Object.values(found)[0]).toContain("items accepted when close() had settled");
    expect(found["carries a run to its end"]).toContain("items accepted at the end of the run");
  });

  it("catch a watermark that never completes", async () => {
    const found = await failures(
      suiteOf((writer) => {
        const mark$ = new BehaviorSubject<Watermark>({ accepted: 0, durable: 0 });
        writer.watermark$.subscribe((mark) => mark$.next(mark));
        return { watermark$: mark$ };
      }),
    );
    expect(found).toEqual({
      "completes its watermark after close()": "watermark$ after close() did not settle in 40 ms",
      "completes its watermark after abort()": "watermark$ after abort() did not settle in 40 ms",
    });
  });

  it("catch a watermark without a current value", async () => {
    const found = await failures(
      suiteOf((writer) => {
        const mark$ = new Subject<Watermark>();
        writer.watermark$.subscribe(mark$);
        return { watermark$: mark$ };
      }),
    );
    expect(
      found["says its watermark on subscription: nothing accepted, nothing durable"],
    ).toContain("watermark$ says no value on subscription");
  });

  it("catch a target that loses an item, and one that changes it", async () => {
    const title = "takes every item, one after another, and closes";
    const losing = suiteOf((writer, target) => ({
      async write(item) {
        await writer.write(item);
        if (item === "b") target.pop();
      },
    }));
    expect((await failures(losing))[title]).toContain(
      "after close() the target holds 2 items of 3",
    );
    const changing = suiteOf((writer, target) => ({
      async write(item) {
        await writer.write(item);
        if (item === "b") target[1] = "B";
      },
    }));
    expect((await failures(changing))[title]).toContain(
      "after close(): item 1 in the target is not what was written",
    );
  });

  it("catch an abort() that rejects, and one that cannot be repeated", async () => {
    const rejecting = await failures(
      suiteOf(() => ({ abort: () => Promise.reject(new Error("no connection")) })),
    );
    expect(rejecting["takes abort() before the first write, twice"]).toBe(
      "abort() before the first write rejected: Error: no connection",
    );
    const once = await failures(
      suiteOf((writer) => {
        let aborted = false;
        return {
          async abort(reason) {
            if (aborted) throw new Error("already aborted");
            aborted = true;
            await writer.abort(reason);
          },
        };
      }),
    );
    expect(once["takes abort() between two writes, twice"]).toBe(
      "abort() for the second time rejected: Error: already aborted",
    );
  });

  it("catch a write() that stays pending after an abort", async () => {
    const found = await failures(suiteOf(() => ({ write: () => new Promise(() => {}) })));
    expect(found["takes abort() during a write, and settles both"]).toBe(
      "a write() that was under way at abort() did not settle in 40 ms",
    );
    expect(found["settles a write() in flight when its signal aborts"]).toContain(
      "write() in flight at the abort did not settle in 40 ms",
    );
  });

  it("catch a write() that rejects with something else than the reason", async () => {
    const found = await failures(
      suiteOf(() => ({
        async write() {
          await new Promise((resolve) => setImmediate(resolve));
          throw new Error("socket hang up");
        },
      })),
    );
    expect(found["settles a write() in flight when its signal aborts"]).toBe(
      'write() in flight rejected with "Error: socket hang up" instead of signal.reason itself',
    );
  });

  it("catch a disposal that cannot be repeated", async () => {
    const found = await failures(
      suiteOf(() => {
        let disposed = false;
        return {
          async [Symbol.asyncDispose]() {
            if (disposed) throw new Error("file is closed");
            disposed = true;
          },
        };
      }),
    );
    expect(found).toEqual({
      "takes disposal after close(), after abort() and on its own, twice each":
        "disposal after close(), for the second time failed: Error: file is closed",
    });
  });

  it("catch a sink that cannot be opened again", async () => {
    const options = suiteOf(() => ({}));
    const found = await failures({
      ...options,
      async create() {
        const sink = await options.create();
        let used = false;
        return {
          ...sink,
          async open(context) {
            if (used) throw new Error("already open");
            used = true;
            return await sink.open(context);
          },
        };
      },
    });
    expect(found).toEqual({ "opens a second writer after the first has ended": "already open" });
  });

  it("catch an open() that hides the reason of an abort", async () => {
    const options = suiteOf(() => ({}));
    const found = await failures({
      ...options,
      async create() {
        const sink = await options.create();
        return {
          ...sink,
          async open(context) {
            if (context.signal.aborted) throw new Error("cannot connect");
            return await sink.open(context);
          },
        };
      },
    });
    expect(Object.values(found)).toEqual([
      'open() rejected with "Error: cannot connect" instead of signal.reason itself',
    ]);
  });
});
