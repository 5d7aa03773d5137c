import fc from "fast-check";
import { Observable, of, Subject } from "rxjs";
import { describe, expect, it } from "vitest";
import { countingSource } from "../testing/counting-source.ts";
import { settles, someTurns } from "../testing/settles.ts";
import { testContext } from "../testing/test-context.ts";
import { fromItems } from "./from-items.ts";
import { mergePull } from "./merge-pull.ts";
import { pipeline } from "./pipeline.ts";

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** A number of turns of the event loop that depends on the item, so that work ends out of order. */
const work = async (n: number, turns: readonly number[]): Promise<number> => {
  await someTurns(turns[n % turns.length] ?? 0);
  return n;
};

const bounds = fc.record({
  concurrency: fc.integer({ min: 1, max: 5 }),
  highWaterMark: fc.integer({ min: 0, max: 5 }),
  ordered: fc.boolean(),
});
const turnCounts = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 5 });

describe("mergePull", () => {
  it("keeps the order when ordered and every item when not, and reads ahead by its bound", async () => {
    const count = fc.integer({ min: 0, max: 25 });
    await fc.assert(
      fc.asyncProperty(
        count,
        bounds,
        turnCounts,
        turnCounts,
        async (length, options, slow, lazy) => {
          const source = countingSource(length);
          const stage = mergePull((n: number) => work(n, slow), options);
          const delivered: number[] = [];
          const readAhead = (): number => source.pulled - delivered.length;
          for await (const n of pipeline(source, stage)) {
            const bound = options.concurrency + options.highWaterMark;
            expect(readAhead()).toBeLessThanOrEqual(bound);
            await work(n, lazy);
            expect(readAhead()).toBeLessThanOrEqual(bound);
            delivered.push(n);
          }
          const expected = Array.from({ length }, (_, i) => i);
          if (!options.ordered) delivered.sort((a, b) => a - b);
          expect(delivered).toEqual(expected);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("never works on more items at once than it may, and on as many as it may", async () => {
    await fc.assert(
      fc.asyncProperty(bounds, fc.integer({ min: 1, max: 3 }), async (options, turns) => {
        let running = 0;
        let most = 0;
        const project = async (): Promise<void> => {
          running += 1;
          most = Math.max(most, running);
          await someTurns(turns);
          running -= 1;
        };
        await collect(pipeline(countingSource(20), mergePull(project, options)));
        expect(most).toBe(options.concurrency);
      }),
      { numRuns: 30 },
    );
  });

  it("goes on reading up to its bound while the consumer is busy", async () => {
    const source = countingSource(100);
    const stage = mergePull(async (n: number) => n, { concurrency: 2, highWaterMark: 3 });
    const items = pipeline(source, stage)[Symbol.asyncIterator]();
    await items.next();
    await someTurns(20);
    expect(source.pulled).toBe(5);
    await items.return?.();
    expect(source.returned).toBe(1);
  });

  it("reads nothing before it is pulled", async () => {
    const source = countingSource(3);
    const items = mergePull(async (n: number) => n, { concurrency: 2 })(
      source.open(testContext()),
      testContext(),
    );
    items[Symbol.asyncIterator]();
    await someTurns();
    expect(source.pulled).toBe(0);
  });

  it.each<[string, (n: number) => ReturnType<Parameters<typeof mergePull<number, string>>[0]>]>([
    ["promise", async (n) => `${n}a`],
    ["iterable", (n) => [`${n}a`, `${n}b`]],
    [
      "async iterable",
      async function* (n) {
        yield `${n}a`;
        await someTurns(3 - n);
        yield `${n}b`;
      },
    ],
    ["Observable", (n) => of(`${n}a`, `${n}b`)],
    ["empty result", () => []],
  ])("flattens a result that is a %s", async (kind, project) => {
    const expected = {
      promise: ["0a", "1a", "2a"],
      "empty result": [],
    }[kind] ?? ["0a", "0b", "1a", "1b", "2a", "2b"];
    for (const ordered of [true, false]) {
      const stage = mergePull(project, { concurrency: 2, ordered });
      const items = await collect(pipeline(countingSource(3), stage));
      expect(ordered ? items : items.sort()).toEqual(expected);
    }
  });

  it("walks an iterable result only as fast as the consumer takes it", async () => {
    let walked = 0;
    function* endless() {
      while (true) yield ++walked;
    }
    const stage = mergePull(() => endless(), { concurrency: 3 });
    let taken = 0;
    for await (const _ of pipeline(countingSource(3), stage)) {
      await someTurns();
      taken += 1;
      expect(walked).toBeLessThanOrEqual(taken);
      if (taken === 10) break;
    }
  });

  it("does not let an async iterable that waits hold up the others when not ordered", async () => {
    const stage = mergePull(
      async function* (n: number) {
        if (n === 0) await new Promise(() => {});
        yield n;
      },
      { concurrency: 2, ordered: false },
    );
    const items = pipeline(countingSource(3), stage)[Symbol.asyncIterator]();
    expect((await settles(items.next(), "the first item")).value).toBe(1);
    expect((await settles(items.next(), "the second item")).value).toBe(2);
    await settles(Promise.resolve(items.return?.()), "return()");
  });

  it("asks an async iterable for one value at a time", async () => {
    const walk = (n: number): AsyncIterable<number> => {
      let pending = 0;
      let left = 3;
      return {
        [Symbol.asyncIterator]: () => ({
          async next() {
            pending += 1;
            expect(pending, "next() calls at once").toBe(1);
            await someTurns(n);
            pending -= 1;
            return left-- > 0 ? { done: false, value: n } : { done: true, value: undefined };
          },
        }),
      };
    };
    for (const ordered of [true, false]) {
      const stage = mergePull(walk, { concurrency: 3, ordered });
      const items = await collect(pipeline(countingSource(4), stage));
      expect(items.sort()).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]);
    }
  });

  it.each([true, false])("ends with the failure of one item (ordered: %s)", async (ordered) => {
    const source = countingSource(10);
    const signals: AbortSignal[] = [];
    let unsubscribed = 0;
    const stage = mergePull(
      (n: number, { signal }) => {
        signals.push(signal);
        if (n === 0) return Promise.reject(new Error("bad item"));
        return new Observable<number>(() => () => {
          unsubscribed += 1;
        });
      },
      { concurrency: 3, ordered },
    );
    const run = pipeline(source, stage);
    await expect(settles(collect(run), "the pass")).rejects.toMatchObject({
      message: 'stage "mergePull" failed: bad item',
    });
    await someTurns();
    expect(signals.length).toBeGreaterThan(0);
    expect(signals.every(({ aborted }) => aborted)).toBe(true);
    for (const signal of signals) expect(signal.reason).toHaveProperty("message", "bad item");
    expect(unsubscribed).toBe(signals.length - 1);
    expect(source.released).toBe(1);
  });

  it("delivers what came before a failure in order, then the failure", async () => {
    const stage = mergePull(
      async (n: number) => {
        if (n === 2) throw new Error("bad item");
        return await work(n, [3, 0, 0]);
      },
      { concurrency: 4 },
    );
    const delivered: number[] = [];
    const walk = async (): Promise<void> => {
      for await (const n of pipeline(countingSource(9), stage)) delivered.push(n);
    };
    await expect(walk()).rejects.toThrow("bad item");
    expect(delivered).toEqual([0, 1]);
  });

  it("takes a failure thrown by the project, by an iterator and by the input", async () => {
    const fail = (): never => {
      throw new Error("broken");
    };
    const projects: readonly ((n: number) => Iterable<number>)[] = [
      fail,
      function* () {
        yield 1;
        fail();
      },
      () => ({ [Symbol.iterator]: fail }),
    ];
    for (const project of projects) {
      const stage = mergePull(project, { concurrency: 2 });
      await expect(collect(pipeline(countingSource(3), stage))).rejects.toThrow("broken");
    }
    async function* input() {
      yield 1;
      fail();
    }
    const stage = mergePull(async (n: number) => n, { concurrency: 4 });
    const delivered: number[] = [];
    const walk = async (): Promise<void> => {
      for await (const n of pipeline(fromItems(input()), stage)) delivered.push(n);
    };
    await expect(walk()).rejects.toMatchObject({ message: 'source "items" failed: broken' });
    expect(delivered).toEqual([1]);
  });

  it("closes the source and the results under way when its consumer stops", async () => {
    const source = countingSource(10);
    const closed: number[] = [];
    const signals: AbortSignal[] = [];
    const stage = mergePull(
      async function* (n: number, { signal }) {
        signals.push(signal);
        try {
          yield n;
          yield n;
        } finally {
          closed.push(n);
        }
      },
      { concurrency: 3, ordered: false },
    );
    for await (const n of pipeline(source, stage)) if (n === 1) break;
    expect(source.returned).toBe(1);
    expect(closed).toContain(0);
    expect(closed).toContain(1);
    expect(signals.every(({ aborted }) => aborted)).toBe(true);
    const { pulled } = source;
    const started = signals.length;
    await someTurns();
    expect(source.pulled).toBe(pulled);
    expect(signals).toHaveLength(started);
  });

  it("starts no work on an item that arrives after the end", async () => {
    const late = new Subject<void>();
    let pulls = 0;
    const started: number[] = [];
    const input: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        async next() {
          pulls += 1;
          const value = pulls;
          if (value > 1) await new Promise<void>((resolve) => late.subscribe(resolve));
          return { done: false, value };
        },
      }),
    };
    const stage = mergePull(
      async (n: number) => {
        started.push(n);
        return n;
      },
      { concurrency: 2 },
    );
    for await (const _ of stage(input, testContext())) break;
    late.next();
    await someTurns();
    expect(started).toEqual([1]);
  });

  it("aborts with the reason while the input and the work never settle", async () => {
    const reason = new Error("enough");
    const never = new Promise<never>(() => {});
    const stuck: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({ next: () => never }),
    };
    async function* stuckResult() {
      yield await never;
    }
    const cases: readonly (() => AsyncIterable<number>)[] = [
      () => stuck,
      () => countingSource(5).open(testContext()),
    ];
    for (const input of cases) {
      for (const project of [() => never, stuckResult]) {
        const abort = new AbortController();
        const context = testContext({ signal: abort.signal });
        const stage = mergePull<number, number>(project, { concurrency: 2 });
        const pending = collect(stage(input(), context));
        pending.catch(() => {});
        await someTurns();
        abort.abort(reason);
        await expect(settles(pending, "the pass")).rejects.toBe(reason);
      }
    }
  });

  it.each([
    [{ concurrency: 0 }, "mergePull: concurrency is 0; give a whole number of 1 or more."],
    [{ concurrency: 1.5 }, "mergePull: concurrency is 1.5; give a whole number of 1 or more."],
    [
      { concurrency: 1, highWaterMark: -1 },
      "mergePull: highWaterMark is -1; give a whole number of 0 or more.",
    ],
  ])("refuses %o", (options, message) => {
    expect(() => mergePull(async (n: number) => n, options)).toThrow(
      expect.objectContaining({ code: "INVALID_OPTION", message }),
    );
  });
});
