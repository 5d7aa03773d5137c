import fc from "fast-check";
import { concat, EMPTY, from, NEVER, Observable, of, range, Subject, throwError } from "rxjs";
import { describe, expect, it } from "vitest";
import { describeSource } from "../testing/describe-source.ts";
import { settles, someTurns } from "../testing/settles.ts";
import { testContext } from "../testing/test-context.ts";
import { discard } from "./discard.ts";
import { fromPush, type Overflow } from "./from-push.ts";
import { pipeline } from "./pipeline.ts";

/** An Observable that tells how often it was subscribed to, let go of, and how much it has pushed. */
function watched<T>(inner$: Observable<T>) {
  const counts = { subscribed: 0, unsubscribed: 0, pushed: 0 };
  const stream$ = new Observable<T>((subscriber) => {
    counts.subscribed += 1;
    const subscription = inner$.subscribe({
      next(item) {
        counts.pushed += 1;
        subscriber.next(item);
      },
      error: (error: unknown) => subscriber.error(error),
      complete: () => subscriber.complete(),
    });
    return () => {
      counts.unsubscribed += 1;
      subscription.unsubscribe();
    };
  });
  return { stream$, counts };
}

let counts: ReturnType<typeof watched>["counts"];
const watchedSource = (inner$: Observable<number>) => {
  const made = watched(inner$);
  counts = made.counts;
  return fromPush(made.stream$, { capacity: 3 });
};
describeSource("describeSource: fromPush", {
  create: () => watchedSource(from([1, 2, 3])),
  expected: [1, 2, 3],
  reads: () => counts.pushed,
  readAhead: 3,
  opened: () => counts.subscribed,
  released: () => counts.unsubscribed,
  createEmpty: () => watchedSource(EMPTY),
  createFailing: () =>
    watchedSource(
      concat(
        of(1),
        throwError(() => new Error("broken")),
      ),
    ),
  createStalled: () => watchedSource(NEVER),
});

/** What is expected of a bounded buffer, written down as plainly as possible. */
class Model {
  readonly delivered: number[] = [];
  readonly buffer: number[] = [];
  dropped = 0;
  asked = 0;
  overflown = false;
  readonly capacity: number;
  readonly overflow: Overflow;

  constructor(capacity: number, overflow: Overflow) {
    this.capacity = capacity;
    this.overflow = overflow;
  }

  push(item: number): void {
    if (this.overflown) return;
    if (this.asked > this.delivered.length) this.delivered.push(item);
    else if (this.buffer.length < this.capacity) this.buffer.push(item);
    else if (this.overflow === "error") this.overflown = true;
    else {
      this.dropped += 1;
      if (this.overflow === "drop-newest") return;
      this.buffer.shift();
      this.buffer.push(item);
    }
  }

  take(): void {
    this.asked += 1;
    this.drain();
  }

  drain(): void {
    while (this.asked > this.delivered.length && this.buffer.length > 0) {
      this.delivered.push(this.buffer.shift() as number);
    }
  }
}

const capacities = fc.integer({ min: 1, max: 5 });
const overflows = fc.constantFrom<Overflow>("error", "drop-oldest", "drop-newest");

describe("fromPush", () => {
  it("is a bounded buffer: in order, nothing twice, and what is missing is counted", async () => {
    const moves = fc.array(fc.constantFrom("push", "take", "turn"), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(capacities, overflows, moves, async (capacity, overflow, list) => {
        const subject = new Subject<number>();
        const source = fromPush(subject, { capacity, overflow });
        const items = source.open(testContext())[Symbol.asyncIterator]();
        const model = new Model(capacity, overflow);
        const results: Promise<IteratorResult<number>>[] = [];
        const take = (): void => {
          model.take();
          const result = items.next();
          result.catch(() => {});
          results.push(result);
        };
        // The first one subscribes.
        take();
        let pushed = 0;
        for (const move of list) {
          if (move === "turn") await someTurns(1);
          else if (move === "take") take();
          else {
            subject.next(pushed);
            model.push(pushed);
            pushed += 1;
          }
          expect(source.dropped).toBe(model.dropped);
        }
        expect(subject.observed).toBe(!model.overflown);
        subject.complete();
        const left = model.buffer.length;
        for (let i = 0; i <= left; i++) take();

        const told = await settles(Promise.allSettled(results), "all of next()");
        const delivered = told.flatMap((result) =>
          result.status === "fulfilled" && !result.value.done ? [result.value.value] : [],
        );
        expect(delivered).toEqual(model.delivered);
        const failures = told.flatMap((result) =>
          result.status === "rejected" ? [result.reason.code] : [],
        );
        expect(failures).toEqual(model.overflown ? ["OVERFLOW"] : []);
        if (!model.overflown) expect(delivered.length + source.dropped).toBe(pushed);
      }),
      { numRuns: 300 },
    );
  });

  it("keeps the oldest or the newest of a burst, as it was told", async () => {
    const cases: readonly [Overflow, readonly number[]][] = [
      ["drop-oldest", [0, 8, 9]],
      ["drop-newest", [0, 1, 2]],
    ];
    for (const [overflow, expected] of cases) {
      const source = fromPush(range(0, 10), { capacity: 2, overflow });
      for (let pass = 1; pass <= 2; pass++) {
        const items: number[] = [];
        for await (const item of pipeline(source)) items.push(item);
        expect(items).toEqual(expected);
        expect(source.dropped).toBe(7 * pass);
      }
    }
  });

  it("says the first drop at once and the number of drops at the end", async () => {
    const burst = fromPush(range(0, 10), { capacity: 2, overflow: "drop-newest", name: "sensor" });
    const run = pipeline(burst).to(discard());
    const warnings: unknown[] = [];
    run.events$.subscribe((event) => event.type === "warning" && warnings.push(event));
    expect(await run.result).toMatchObject({ items: 3 });
    const details = { source: "sensor", capacity: 2, overflow: "drop-newest" };
    expect(warnings).toEqual([
      {
        type: "warning",
        message: 'Source "sensor" drops items: the flow is slower than the stream.',
        details: { ...details, dropped: 1 },
      },
      {
        type: "warning",
        message: 'Source "sensor" dropped 7 of 10 items.',
        details: { ...details, dropped: 7 },
      },
    ]);
  });

  it("ends with OVERFLOW, if nothing else was said, after what it holds", async () => {
    const { stream$, counts } = watched(range(0, 1_000_000));
    const source = fromPush(stream$, { capacity: 2 });
    const items: number[] = [];
    const walk = async (): Promise<void> => {
      for await (const item of pipeline(source)) items.push(item);
    };
    await expect(walk()).rejects.toMatchObject({
      code: "OVERFLOW",
      message:
        'Source "push" was pushed more than it may hold: 2 items wait for the flow. Give fromPush a larger capacity, or let it drop (overflow: "drop-oldest" or "drop-newest").',
      details: { source: "push", capacity: 2 },
    });
    expect(items).toEqual([0, 1, 2]);
    // A stream that pushes all at once is stopped, too.
    expect(counts.unsubscribed).toBe(1);
    expect(source.dropped).toBe(0);
  });

  it("tells a failure of the stream after the items before it, and then only an end", async () => {
    const cause = new Error("unplugged");
    const source = fromPush(
      concat(
        of(1, 2),
        throwError(() => cause),
      ),
      { capacity: 5 },
    );
    const items = source.open(testContext())[Symbol.asyncIterator]();
    expect([(await items.next()).value, (await items.next()).value]).toEqual([1, 2]);
    await expect(items.next()).rejects.toBe(cause);
    expect(await items.next()).toEqual({ done: true, value: undefined });
    await expect(pipeline(source).to(discard()).result).rejects.toMatchObject({
      message: 'source "push" failed: unplugged',
      cause,
    });
  });

  it("unsubscribes once, in whatever way the pass ends", async () => {
    const reason = new Error("enough");
    const endings = fc.constantFrom("return", "return twice", "abort", "abort, return");
    await fc.assert(
      fc.asyncProperty(endings, fc.nat({ max: 4 }), fc.boolean(), async (ending, before, waits) => {
        const subject = new Subject<number>();
        const { stream$, counts } = watched(subject);
        const abort = new AbortController();
        const items = fromPush(stream$, { capacity: 4 })
          .open(testContext({ signal: abort.signal }))
          [Symbol.asyncIterator]();
        const first = items.next();
        first.catch(() => {});
        for (let n = 0; n < before + (waits ? 0 : 1); n++) subject.next(n);
        const aborts = ending.startsWith("abort");
        if (aborts) abort.abort(reason);
        if (ending.includes("return")) await items.return?.();
        if (ending === "return twice") await items.return?.();
        expect(counts).toMatchObject({ subscribed: 1, unsubscribed: 1 });
        expect(subject.observed).toBe(false);
        if (before > 0 || !waits) expect(await first).toEqual({ done: false, value: 0 });
        else if (aborts) await expect(first).rejects.toBe(reason);
        else expect(await first).toEqual({ done: true, value: undefined });
        if (aborts) await expect(items.next()).rejects.toBe(reason);
        else expect(await items.next()).toEqual({ done: true, value: undefined });
      }),
    );
  });

  it("subscribes to nothing when it is closed or aborted before the first next()", async () => {
    const { stream$, counts } = watched(of(1));
    const source = fromPush(stream$, { capacity: 1 });
    const items = source.open(testContext())[Symbol.asyncIterator]();
    await items.return?.();
    expect(await items.next()).toEqual({ done: true, value: undefined });
    expect(counts.subscribed).toBe(0);
  });

  it("frees what it drops, what overflows and what nobody takes any more", async () => {
    const freed: number[] = [];
    const item = (n: number) => ({ n, release: () => freed.push(n) });
    const burst$ = range(0, 6);
    const stream$ = new Observable<ReturnType<typeof item>>((subscriber) =>
      burst$.subscribe((n) => subscriber.next(item(n))),
    );
    const open = (overflow: Overflow) =>
      fromPush(stream$, { capacity: 2, overflow }).open(testContext())[Symbol.asyncIterator]();
    const items = open("drop-oldest");
    expect((await items.next()).value.n).toBe(0);
    expect(freed).toEqual([1, 2, 3]);
    await items.return?.();
    expect(freed).toEqual([1, 2, 3, 4, 5]);
    freed.length = 0;
    const strict = open("error");
    await strict.next();
    expect(freed).toEqual([3]);
    await strict.return?.();
  });

  it.each([
    [{ capacity: 0 }, "fromPush: capacity is 0; give a whole number of 1 or more."],
    [
      { capacity: Number.POSITIVE_INFINITY },
      "fromPush: capacity is Infinity; give a whole number of 1 or more.",
    ],
    [
      { capacity: 1, overflow: "block" as Overflow },
      'fromPush: overflow is "block"; give one of error, drop-oldest, drop-newest.',
    ],
  ])("refuses %o", (options, message) => {
    expect(() => fromPush(NEVER, options)).toThrow(
      expect.objectContaining({ code: "INVALID_OPTION", message }),
    );
  });
});
