import fc from "fast-check";
import {
  bufferCount,
  catchError,
  concat,
  concatMap,
  connect,
  debounceTime,
  defaultIfEmpty,
  delay,
  distinctUntilChanged,
  EMPTY,
  endWith,
  filter,
  finalize,
  from,
  last,
  lastValueFrom,
  type MonoTypeOperatorFunction,
  map,
  materialize,
  merge,
  mergeMap,
  NEVER,
  type Observable,
  of,
  pairwise,
  pipe,
  range,
  reduce,
  repeat,
  retry,
  Subject,
  scan,
  skip,
  startWith,
  take,
  takeLast,
  takeUntil,
  takeWhile,
  tap,
  throwError,
  timeout,
  timer,
  toArray,
} from "rxjs";
import { describe, expect, expectTypeOf, it } from "vitest";
import { countingSource } from "../testing/counting-source.ts";
import { settles, someTurns } from "../testing/settles.ts";
import { testContext } from "../testing/test-context.ts";
import type { Stage } from "./contracts.ts";
import { fromItems } from "./from-items.ts";
import { type Flow, pipeline } from "./pipeline.ts";
import { rx } from "./rx.ts";

type Operator = MonoTypeOperatorFunction<number>;

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
const tooBig = (limit: number): Operator =>
  map((n) => {
    if (n > limit) throw new Error(`${n} is too big`);
    return n;
  });

const small = fc.integer({ min: 0, max: 4 });
/** Synchronous operators of every kind: with state, with a tail, with less, more, earlier or no output. */
const operator: fc.Arbitrary<readonly [string, Operator]> = fc.oneof(
  small.map((k): [string, Operator] => [`map ${k}`, map((n) => n + k)]),
  small.map((k): [string, Operator] => [`filter ${k}`, filter((n) => n % (k + 1) !== 0)]),
  small.map((k): [string, Operator] => [`scan ${k}`, scan((a, b) => (a + b) % 97, k)]),
  small.map((k): [string, Operator] => [`take ${k}`, take(k)]),
  small.map((k): [string, Operator] => [`skip ${k}`, skip(k)]),
  small.map((k): [string, Operator] => [`takeLast ${k}`, takeLast(k)]),
  small.map((k): [string, Operator] => [`takeWhile ${k}`, takeWhile((n) => n < 10 * k, true)]),
  small.map((k): [string, Operator] => [`mergeMap ${k}`, mergeMap((n) => range(n, k))]),
  small.map((k): [string, Operator] => [`concatMap ${k}`, concatMap((n) => from([n, k]))]),
  small.map((k): [string, Operator] => [`startWith ${k}`, startWith(k)]),
  small.map((k): [string, Operator] => [`endWith ${k}`, endWith(k)]),
  small.map((k): [string, Operator] => [`default ${k}`, defaultIfEmpty(k)]),
  small.map((k): [string, Operator] => [`buffer ${k}`, pipe(bufferCount(k + 1), map(sum))]),
  small.map((k): [string, Operator] => [`fail ${k}`, tooBig(20 * k)]),
  small.map((k): [string, Operator] => [`catch ${k}`, catchError(() => of(k))]),
  fc.constant<[string, Operator]>(["pairwise", pipe(pairwise(), map(sum))]),
  fc.constant<[string, Operator]>(["distinct", distinctUntilChanged()]),
  fc.constant<[string, Operator]>(["reduce", reduce((a, b) => a + b, 0)]),
);
const chain = fc.array(operator, { minLength: 1, maxLength: 6 });

/** As a stage; the overloads are for people, who know how many operators they write. */
function stageOf(operators: readonly (readonly [string, Operator])[]): Stage<number, number> {
  const lift = rx as (...all: readonly Operator[]) => Stage<number, number>;
  return lift(...operators.map(([, operate]) => operate));
}

function piped(operators: readonly (readonly [string, Operator])[]): Operator {
  return (source$) => operators.reduce((input$, [, operate]) => operate(input$), source$);
}

/** What a pass delivered, and what it failed with beneath the wrapping. */
async function outcome(items: AsyncIterable<number>): Promise<readonly unknown[]> {
  const all: unknown[] = [];
  try {
    for await (const item of items) all.push(item);
  } catch (error) {
    all.push(String((error as Error).cause ?? error));
  }
  return all;
}

/** A source of these items that fails at its end where `broken` is given. */
function sourceOf(items: readonly number[], broken?: Error): Flow<number> {
  async function* walk() {
    yield* items;
    if (broken !== undefined) throw broken;
  }
  return pipeline({ apiVersion: 1, name: "list", open: walk });
}

describe("rx", () => {
  it("delivers what from(items).pipe(...) does, and fails as that does", async () => {
    const items = fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(items, chain, fc.boolean(), async (list, operators, fails) => {
        const broken = fails ? new Error("broken input") : undefined;
        const input$ = fails
          ? concat(
              list,
              throwError(() => broken),
            )
          : from(list);
        const told = await lastValueFrom(input$.pipe(piped(operators), materialize(), toArray()));
        const expected = told.flatMap((note): unknown[] => {
          if (note.kind === "E") return [String(note.error)];
          return note.kind === "N" ? [note.value] : [];
        });
        const flow = sourceOf(list, broken).pipe(stageOf(operators));
        expect(await outcome(flow)).toEqual(expected);
      }),
      { numRuns: 400 },
    );
  });

  it("pulls an item only when all that came out before was taken, and none ahead", async () => {
    const length = fc.integer({ min: 0, max: 10 });
    await fc.assert(
      fc.asyncProperty(length, chain, async (count, operators) => {
        // By hand: how many items it takes until each output is there; one more for the end.
        const needed: number[] = [];
        let pushed = 0;
        const input$ = new Subject<number>();
        input$.pipe(piped(operators)).subscribe({
          next: () => needed.push(pushed),
          error: () => {},
        });
        for (let n = 0; n < count; n++) {
          pushed += 1;
          input$.next(n);
        }
        pushed += 1;
        input$.complete();

        const source = countingSource(count);
        const pulls: number[] = [];
        try {
          for await (const _ of pipeline(source, stageOf(operators))) {
            await someTurns(1);
            pulls.push(source.pulled);
          }
        } catch {
          // How it fails is the law above.
        }
        expect(pulls).toEqual(needed);
        expect(source.released).toBe(source.opened);
      }),
      { numRuns: 150 },
    );
  });

  it("closes the input once and unsubscribes once, wherever the consumer stops", async () => {
    const stopAt = fc.integer({ min: 1, max: 12 });
    await fc.assert(
      fc.asyncProperty(stopAt, chain, async (stop, operators) => {
        const source = countingSource(8);
        let subscribed = 0;
        let finalized = 0;
        const watched = rx(
          tap<number>({
            subscribe: () => {
              subscribed += 1;
            },
            finalize: () => {
              finalized += 1;
            },
          }),
          piped(operators),
        );
        let taken = 0;
        try {
          for await (const _ of pipeline(source, watched)) {
            taken += 1;
            if (taken === stop) break;
          }
        } catch {
          // How it fails is the law above.
        }
        expect(source.returned).toBeLessThanOrEqual(1);
        expect(source.released).toBe(source.opened);
        // `take(0)` never subscribes.
        expect(subscribed).toBeLessThanOrEqual(1);
        expect(finalized).toBe(subscribed);
      }),
      { numRuns: 150 },
    );
  });

  it("reads nothing before it is pulled", async () => {
    const source = countingSource(3);
    const items = pipeline(source, rx(map((n: number) => n)))[Symbol.asyncIterator]();
    await someTurns();
    expect(source.pulled).toBe(0);
    await items.return?.();
    expect(source.opened).toBe(0);
  });

  it("stops the input when the operators complete, also before the first item", async () => {
    const source = countingSource(10);
    expect(await outcome(pipeline(source, rx(take(2))))).toEqual([0, 1]);
    expect(source).toMatchObject({ pulled: 2, returned: 1, released: 1 });
    const unread = countingSource(10);
    expect(await outcome(pipeline(unread, rx(take(0), endWith(7))))).toEqual([7]);
    expect(unread.pulled).toBe(0);
  });

  it("knows its types, with and without annotations", () => {
    const flow = pipeline(countingSource(3));
    expectTypeOf(flow.pipe(rx(map((n) => `${n}`)))).toEqualTypeOf<Flow<string>>();
    expectTypeOf(
      pipeline(
        countingSource(3),
        rx(
          filter((n: number) => n > 0),
          map((n) => `${n}`),
          scan((text, next) => text + next),
          bufferCount(2),
          map(({ length }) => length > 1),
          last(),
        ),
      ),
    ).toEqualTypeOf<Flow<boolean>>();
  });

  it.each<[string, Operator]>([
    ["delay", delay(1)],
    ["delay of the last item only", mergeMap((n) => (n === 4 ? of(n).pipe(delay(0)) : of(n)))],
    ["mergeMap to a promise", mergeMap(async (n) => n)],
    ["an end that does not come", (source$) => merge(source$, NEVER)],
    ["a failure that is answered later", pipe(tooBig(2), retry({ delay: 1 }))],
    [
      "a catch that waits",
      pipe(
        tooBig(2),
        catchError(() => timer(1)),
      ),
    ],
  ])("names mergePull where an operator takes its time: %s", async (_, late) => {
    const source = countingSource(5);
    let finalized = 0;
    const stage = rx(
      late,
      finalize(() => {
        finalized += 1;
      }),
    );
    const walk = settles(outcome(pipeline(source, stage)), "the pass");
    expect((await walk).at(-1)).toMatch(/^MillraceError: rx: .* use mergePull/);
    await someTurns();
    expect([finalized, source.released]).toEqual([1, 1]);
  });

  it("says a late output at once, also while the input waits", async () => {
    const source = countingSource(5, { stallAt: 1 });
    const items = pipeline(source, rx(debounceTime(1)))[Symbol.asyncIterator]();
    const pending = settles(items.next(), "next()");
    await expect(pending).rejects.toMatchObject({ code: "UNSUPPORTED" });
  });

  it("delivers what was there before a late output is told", async () => {
    const stage = rx(mergeMap((n: number) => merge(of(n, n), Promise.resolve(-1))));
    const all = await outcome(pipeline(countingSource(5), stage));
    expect(all).toEqual([0, 0, expect.stringContaining("mergePull")]);
  });

  it.each<[string, Operator]>([
    ["repeat", repeat(2)],
    ["repeat without end", repeat()],
    ["retry", pipe(tooBig(2), retry())],
    ["a merge of two ways", (source$) => merge(source$, source$.pipe(map((n) => -n)))],
  ])("refuses a second subscription to the input: %s", async (_, twice) => {
    const all = await settles(outcome(pipeline(countingSource(5), rx(twice))), "the pass");
    expect(all.at(-1)).toMatch(/^MillraceError: rx: .* a second time/);
  });

  it("sends the input several ways through connect", async () => {
    const stage = rx(
      connect((shared$: Observable<number>) =>
        merge(shared$, shared$.pipe(map((n: number) => -n))),
      ),
    );
    expect(await outcome(pipeline(countingSource(3), stage))).toEqual([0, -0, 1, -1, 2, -2]);
  });

  it("lets a notifier end it, and a timeout fail it, while the input waits", async () => {
    const stop$ = new Subject<void>();
    const stalled = () => countingSource(5, { stallAt: 2 });
    const walk = outcome(pipeline(stalled(), rx(takeUntil(stop$))));
    await someTurns();
    stop$.next();
    expect(await settles(walk, "the pass")).toEqual([0, 1]);
    const timed = pipeline(stalled(), rx(timeout({ each: 5 })));
    expect(await settles(outcome(timed), "the pass")).toEqual([
      0,
      1,
      "TimeoutError: Timeout has occurred",
    ]);
  });

  it("wraps a failure once, under its name, and closes the input", async () => {
    const source = countingSource(5);
    const cause = new Error("bad item");
    const flow = pipeline(
      source,
      rx(
        map((n: number) => {
          if (n === 1) throw cause;
          return n;
        }),
      ),
      rx(map((n) => n)),
    );
    const items = flow[Symbol.asyncIterator]();
    await items.next();
    await expect(items.next()).rejects.toMatchObject({
      message: 'stage "rx" failed: bad item',
      cause,
    });
    expect(source.released).toBe(1);
  });

  it("lets catchError answer a failure of the input, but never an abort", async () => {
    const broken = sourceOf([1, 2], new Error("broken"));
    expect(await outcome(broken.pipe(rx(catchError(() => of(9)))))).toEqual([1, 2, 9]);

    const reason = new Error("enough");
    for (const stallAt of [0, 3]) {
      const abort = new AbortController();
      const source = countingSource(5, { stallAt });
      let finalized = 0;
      const stage = rx(
        catchError<number, typeof EMPTY>(() => EMPTY),
        finalize(() => {
          finalized += 1;
        }),
      );
      // Without a pipeline, which would tell the abort itself.
      const context = testContext({ signal: abort.signal });
      const walk = (async () => {
        for await (const _ of stage(source.open(context), context));
      })();
      walk.catch(() => {});
      await someTurns();
      abort.abort(reason);
      await expect(settles(walk, "the pass")).rejects.toBe(reason);
      expect([finalized, source.released]).toEqual([1, 1]);
    }
  });

  it("sees an abort between two outputs of one item, and one before the first", async () => {
    const reason = new Error("enough");
    const abort = new AbortController();
    const context = testContext({ signal: abort.signal });
    const stage = rx(mergeMap((n: number) => [n, n, n]));
    const source = countingSource(5);
    const items = stage(source.open(context), context)[Symbol.asyncIterator]();
    await items.next();
    abort.abort(reason);
    await expect(items.next()).rejects.toBe(reason);
    expect(source).toMatchObject({ pulled: 1, released: 1 });
    await expect(outcome(stage(source.open(context), context))).resolves.toEqual(["Error: enough"]);
    expect(source.pulled).toBe(1);
  });

  it("ends when the input has let go, however long that takes", async () => {
    let released = false;
    async function* slowToClose() {
      try {
        yield 1;
        yield 2;
      } finally {
        await someTurns();
        released = true;
      }
    }
    expect(await outcome(pipeline(fromItems(slowToClose()), rx(take(1))))).toEqual([1]);
    expect(released).toBe(true);
  });

  it("closes the input although a finalizer throws", async () => {
    const source = countingSource(5);
    const stage = rx(
      finalize<number>(() => {
        throw new Error("bad finalizer");
      }),
    );
    const walk = async (): Promise<void> => {
      for await (const _ of pipeline(source, stage)) break;
    };
    await expect(walk()).rejects.toThrow("bad finalizer");
    expect(source.released).toBe(1);
  });

  it("holds its operators' state for one pass only", async () => {
    const flow = pipeline(fromItems([1, 2, 3]), rx(scan((a: number, b: number) => a + b)));
    for (let pass = 0; pass < 2; pass++) expect(await outcome(flow)).toEqual([1, 3, 6]);
  });
});
