import fc from "fast-check";
import { firstValueFrom, lastValueFrom, mergeMap, take, toArray } from "rxjs";
import { describe, expect, it } from "vitest";
import { countingSource } from "../testing/counting-source.ts";
import { eventually, settles, someTurns } from "../testing/settles.ts";
import { discard } from "./discard.ts";
import { fromPush } from "./from-push.ts";
import { mergePull } from "./merge-pull.ts";
import { pipeline } from "./pipeline.ts";

/** A source that keeps the signal of each of its passes. */
function signalled(source = countingSource(1_000)) {
  const signals: AbortSignal[] = [];
  const flow = pipeline({
    ...source,
    open(context) {
      signals.push(context.signal);
      return source.open(context);
    },
  });
  return { source, flow, signals };
}

describe("flow.observe", () => {
  it("pushes every item in order, once, to each subscriber in a pass of its own", async () => {
    const lengths = fc.array(fc.nat({ max: 30 }), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(lengths, async (subscribers) => {
        const length = subscribers[0] ?? 0;
        const source = countingSource(length);
        const flow$ = pipeline(source).observe();
        const all = await Promise.all(subscribers.map(() => lastValueFrom(flow$.pipe(toArray()))));
        for (const items of all) expect(items).toEqual(Array.from({ length }, (_, n) => n));
        expect(source.opened).toBe(subscribers.length);
        expect(source.pulled).toBe(subscribers.length * (length + 1));
      }),
      { numRuns: 40 },
    );
  });

  it("pulls the next item when next() has returned, and none after an unsubscription", async () => {
    const places = fc.record({ stopAt: fc.integer({ min: 1, max: 20 }), staged: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(places, async ({ stopAt, staged }) => {
        const { source, flow, signals } = signalled();
        const stage = mergePull((n: number) => [n], { concurrency: 1, highWaterMark: 0 });
        const seen: number[] = [];
        await new Promise<void>((resolve) => {
          const subscription = (staged ? flow.pipe(stage) : flow).observe().subscribe((n) => {
            expect(source.pulled).toBe(n + 1);
            expect(source.returned).toBe(0);
            seen.push(n);
            if (seen.length < stopAt) return;
            subscription.unsubscribe();
            expect(signals[0]?.aborted).toBe(true);
            resolve();
          });
        });
        await eventually(
          () => source.returned > 0,
          () => "the source was not closed",
        );
        await someTurns();
        expect(seen).toHaveLength(stopAt);
        expect(source).toMatchObject({ pulled: stopAt, returned: 1, released: 1 });
      }),
      { numRuns: 30 },
    );
  });

  it("reads nothing before it is subscribed to", async () => {
    const { source, flow, signals } = signalled();
    const flow$ = flow.observe();
    await someTurns();
    expect([source.pulled, signals.length]).toEqual([0, 0]);
    expect(await firstValueFrom(flow$)).toBe(0);
    expect(source.pulled).toBe(1);
  });

  it("aborts a pass that waits, with a reason, and says nothing more", async () => {
    const { source, flow, signals } = signalled(countingSource(5, { stallAt: 2 }));
    const said: unknown[] = [];
    const subscription = flow.observe().subscribe({
      next: (n) => said.push(n),
      error: (error: unknown) => said.push(error),
      complete: () => said.push("complete"),
    });
    await someTurns();
    subscription.unsubscribe();
    await someTurns();
    expect(said).toEqual([0, 1]);
    expect(signals[0]?.reason).toMatchObject({ code: "ABORTED" });
    expect(source).toMatchObject({ returned: 1, released: 1 });
  });

  it("does not abort a pass that has ended by itself", async () => {
    const { flow, signals } = signalled(countingSource(2));
    await lastValueFrom(flow.observe());
    expect(signals[0]?.aborted).toBe(false);
  });

  it("passes a failure on, wrapped once, after the items before it", async () => {
    const cause = new Error("broken");
    const { flow, signals, source } = signalled(countingSource(5));
    const failing = flow.pipe(async function* parse(numbers) {
      for await (const n of numbers) {
        if (n === 2) throw cause;
        yield n;
      }
    });
    const said: unknown[] = [];
    const ended = new Promise<unknown>((resolve) => {
      failing.observe().subscribe({ next: (n) => said.push(n), error: resolve });
    });
    const error = await settles(ended, "error");
    expect(error).toMatchObject({ message: 'stage "parse" failed: broken', cause });
    expect(said).toEqual([0, 1]);
    expect(signals[0]?.reason).toBe(error);
    expect(source.released).toBe(1);
  });

  it("has no back-pressure beyond next(), as its documentation says", async () => {
    const source = countingSource(50);
    const slow$ = pipeline(source)
      .observe()
      .pipe(mergeMap(() => new Promise<void>(() => {}), 1));
    const subscription = slow$.subscribe();
    await someTurns(10);
    expect(source.pulled).toBe(51);
    subscription.unsubscribe();
  });

  it("comes back through fromPush, with nothing lost where the buffer is large enough", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 40 }), async (length) => {
        const there$ = pipeline(countingSource(length)).observe();
        const back = fromPush(there$, { capacity: length + 1 });
        expect(await pipeline(back).to(discard()).result).toMatchObject({ items: length });
      }),
      { numRuns: 20 },
    );
  });

  it("ends with take", async () => {
    const { source, flow } = signalled();
    expect(await lastValueFrom(flow.observe().pipe(take(3), toArray()))).toEqual([0, 1, 2]);
    await someTurns();
    expect(source).toMatchObject({ pulled: 3, returned: 1 });
  });
});
