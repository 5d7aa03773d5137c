import { MillraceError } from "@millrace/core";
import { describe, expect, it } from "vitest";
import { fakeDevice } from "../testing/fake-device.ts";
import { type VirtualClock, virtualClock } from "../testing/virtual-clock.ts";
import type { Batcher } from "./batcher.ts";
import type { BatchContext, BatcherOptions } from "./batcher-options.ts";
import type { BatcherStats } from "./batcher-stats.ts";
import { createBatcher } from "./create-batcher.ts";

interface Launch {
  readonly atMs: number;
  readonly items: readonly string[];
  readonly context: BatchContext;
}

interface Rig {
  readonly clock: VirtualClock;
  readonly batcher: Batcher<string, string>;
  readonly launches: Launch[];
}

/** A batcher of texts over a device that takes 1 ms an item and 4 ms a batch. */
function rig(options: Partial<BatcherOptions<string, string>> = {}): Rig {
  const clock = virtualClock();
  const device = fakeDevice({ clock, perItemMs: 1, fixedMs: 4 });
  const launches: Launch[] = [];
  const batcher = createBatcher<string, string>({
    async run(items, context) {
      launches.push({ atMs: clock.nowMs(), items, context });
      await device.run(context.size);
      return items.map((item) => item.toUpperCase());
    },
    clock,
    ...options,
  });
  return { clock, batcher, launches };
}

/** How a promise ends: its value, or the code or message of its error. */
const ends = (promise: Promise<unknown>): Promise<unknown> =>
  promise.catch((error: unknown) => (MillraceError.is(error) ? error.code : error));
const itemsOf = (launches: readonly Launch[]): readonly string[] =>
  launches.map(({ items }) => items.join(""));

describe("createBatcher", () => {
  it("runs together what comes together, and answers each", async () => {
    const { clock, batcher, launches } = rig();
    const answers = Promise.all(["a", "b", "c"].map((item) => batcher.submit(item)));
    await clock.run();
    expect(await answers).toEqual(["A", "B", "C"]);
    expect(itemsOf(launches)).toEqual(["abc"]);
  });

  it("launches an item that comes alone at once, however many came before", async () => {
    const { clock, batcher, launches } = rig();
    const sent: number[] = [];
    for (let i = 0; i < 60; i++) {
      sent.push(clock.nowMs());
      void batcher.submit("a");
      await clock.run(clock.nowMs() + 100 + (i % 7) * 30);
    }
    expect(launches.map(({ atMs }) => atMs)).toEqual(sent);
  });

  it("waits for the rest of a burst once it knows bursts", async () => {
    const { clock, batcher, launches } = rig();
    for (let burst = 0; burst < 40; burst++) {
      for (let i = 0; i < 6; i++) {
        clock.after(i * 0.1, () => void batcher.submit("a"));
      }
      await clock.run((burst + 1) * 200);
    }
    expect(itemsOf(launches.slice(0, 2))).toEqual(["a", "aaaaa"]);
    expect(itemsOf(launches.slice(-1))).toEqual(["aaaaaa"]);
  });

  it("goes by priority, and by age within one", async () => {
    const { clock, batcher, launches } = rig({ maxBatch: 2 });
    void batcher.submit("x");
    await clock.run(1);
    for (const [item, priority] of [
      ["a", 0],
      ["b", 1],
      ["c", 0],
      ["d", 2],
    ] as const) {
      void batcher.submit(item, { priority });
    }
    await clock.run();
    expect(itemsOf(launches)).toEqual(["x", "db", "ac"]);
  });

  it("lets age make up for priority", async () => {
    const { clock, batcher, launches } = rig({ maxBatch: 1, ageingMs: 10 });
    for (let ms = 0; ms < 100; ms += 2) {
      clock.after(ms, () => void batcher.submit("u", { priority: 1 }));
    }
    clock.after(1, () => void batcher.submit("l"));
    await clock.run();
    // At one launch in 5 ms there is always an urgent one, and those of the first 11 ms go before.
    expect(itemsOf(launches).indexOf("l")).toBe(6);
  });

  it("never launches what was aborted while it waited", async () => {
    const { clock, batcher, launches } = rig({ maxBatch: 1 });
    const controller = new AbortController();
    void batcher.submit("a");
    const aborted = ends(batcher.submit("b", { signal: controller.signal }));
    const other = batcher.submit("c");
    await clock.run(1);
    controller.abort("enough");
    expect(await aborted).toBe("enough");
    await clock.run();
    expect(await other).toBe("C");
    expect(itemsOf(launches)).toEqual(["a", "c"]);
    expect(batcher.stats()).toMatchObject({ successCount: 2, cancelCount: 1, requestCount: 3 });
  });

  it("tells a batch for which nobody waits any more", async () => {
    const { clock, batcher, launches } = rig();
    const controllers = [new AbortController(), new AbortController()];
    const runs = controllers.map(({ signal }) => ends(batcher.submit("a", { signal })));
    await clock.run(1);
    controllers[0]?.abort("first");
    expect(launches[0]?.context.signal.aborted).toBe(false);
    controllers[1]?.abort("second");
    expect(launches[0]?.context.signal.aborted).toBe(true);
    expect(await Promise.all(runs)).toEqual(["first", "second"]);
    await clock.run();
  });

  it("rejects an aborted signal at once", async () => {
    const { batcher } = rig();
    const signal = AbortSignal.abort("before");
    expect(await ends(batcher.submit("a", { signal }))).toBe("before");
  });

  it("refuses what is too much", async () => {
    const { clock, batcher } = rig({ maxBatch: 1, capacity: 2 });
    void batcher.submit("a");
    await clock.run(1);
    const rest = ["b", "c", "d"].map((item) => ends(batcher.submit(item)));
    await clock.run();
    expect(await Promise.all(rest)).toEqual(["B", "C", "OVERFLOW"]);
  });

  it("gives up what was not launched in time, and only that", async () => {
    const { clock, batcher, launches } = rig({ maxBatch: 1 });
    void batcher.submit("a");
    const late = ends(batcher.submit("b", { withinMs: 3 }));
    const patient = ends(batcher.submit("c", { withinMs: 30 }));
    let settledMs = 0;
    void late.then(() => {
      settledMs = clock.nowMs();
    });
    await clock.run();
    expect([await late, settledMs, await patient]).toEqual(["TIMEOUT", 3, "C"]);
    expect(itemsOf(launches)).toEqual(["a", "c"]);
  });

  it("runs equal work once, and drops it only when nobody waits for it", async () => {
    const { clock, batcher, launches } = rig({ key: (item) => item, maxBatch: 1 });
    const controller = new AbortController();
    const runs = [
      batcher.submit("a"),
      ends(batcher.submit("b", { signal: controller.signal })),
      batcher.submit("b"),
      ends(batcher.submit("b", { withinMs: 2 })),
    ];
    await clock.run(1);
    const running = batcher.submit("a");
    controller.abort("gone");
    await clock.run();
    expect(await Promise.all([...runs, running])).toEqual(["A", "gone", "B", "TIMEOUT", "A"]);
    expect(itemsOf(launches)).toEqual(["a", "b"]);
    expect(batcher.stats()).toMatchObject({ joinCount: 3, successCount: 3, inferenceCount: 2 });
  });

  it("keeps the order of a stream over batches, slots, priorities and buckets", async () => {
    const { clock, batcher, launches } = rig({
      slots: 3,
      maxBatch: 2,
      stream: (item) => (item < "n" ? "early" : undefined),
      bucket: (item) => ("ace".includes(item) ? "odd" : "even"),
    });
    const done: string[] = [];
    for (const [i, item] of [..."abcdefz"].entries()) {
      void batcher.submit(item, { priority: i }).then((answer) => done.push(answer));
    }
    await clock.run();
    expect(done.filter((item) => item !== "Z").join("")).toBe("ABCDEF");
    // The other one did not wait for them.
    expect(done.indexOf("Z")).toBeLessThan(2);
    const early = launches.filter(({ items }) => !items.includes("z"));
    expect(new Set(early.map(({ atMs }) => atMs)).size).toBe(early.length);
  });

  it("puts only items of one bucket together", async () => {
    const { clock, batcher, launches } = rig({ bucket: (item) => `${item.length}`, slots: 2 });
    for (const item of ["a", "bb", "c", "dd"]) void batcher.submit(item);
    await clock.run();
    expect(launches.map(({ context }) => context.bucket)).toEqual(
      launches.map(({ items }) => `${items[0]?.length}`),
    );
    for (const { items } of launches)
      expect(new Set(items.map(({ length }) => length)).size).toBe(1);
  });

  it("fails one item where run says so, and all where it rejects", async () => {
    const clock = virtualClock();
    const batcher = createBatcher<string, string>({
      clock,
      async run(items) {
        if (items.includes("x")) throw new TypeError("broken");
        if (items.includes("y")) return [];
        return items.map((item) => (item === "b" ? new RangeError("b is bad") : item));
      },
    });
    const mixed = Promise.all(["a", "b", "c"].map((item) => ends(batcher.submit(item))));
    await clock.run();
    expect(await mixed).toEqual(["a", new RangeError("b is bad"), "c"]);
    const broken = ["a", "x"].map((item) => batcher.submit(item));
    const seen = Promise.allSettled(broken);
    await clock.run();
    for (const end of await seen) {
      expect(end).toMatchObject({ reason: { code: "INTERNAL", cause: new TypeError("broken") } });
    }
    const short = ends(batcher.submit("y"));
    await clock.run();
    expect(await short).toBe("INTERNAL");
    expect(batcher.stats()).toMatchObject({ successCount: 2, failureCount: 4 });
  });

  it("pads to allowed sizes, or goes with exactly one of them", async () => {
    const padded = rig({ allowedSizes: [4, 1, 8], maxBatch: 8 });
    for (const item of "abcde") void padded.batcher.submit(item);
    await padded.clock.run();
    expect(padded.launches.map(({ context }) => context.size)).toEqual([8]);
    expect(padded.batcher.stats().paddingCount).toBe(3);
    const exact = rig({ allowedSizes: [4, 1], padding: false });
    for (const item of "abcde") void exact.batcher.submit(item);
    await exact.clock.run();
    expect(itemsOf(exact.launches)).toEqual(["abcd", "e"]);
  });

  it("keeps to the budget of work units", async () => {
    const { clock, batcher, launches } = rig({ cost: (item) => item.length, budget: 4 });
    const tooLarge = ends(batcher.submit("abcde"));
    for (const item of ["aa", "bb", "ccc", "d"]) void batcher.submit(item);
    await clock.run();
    expect(await tooLarge).toBe("LIMIT_EXCEEDED");
    expect(launches.map(({ items }) => items)).toEqual([
      ["aa", "bb"],
      ["ccc", "d"],
    ]);
  });

  it("takes other knobs at once", async () => {
    const { clock, batcher, launches } = rig({ maxBatch: 1, cost: (item) => item.length });
    void batcher.submit("x");
    await clock.run(1);
    const large = ends(batcher.submit("long"));
    for (const item of "abc") void batcher.submit(item);
    batcher.update({ maxBatch: 3, slots: 2, budget: 3 });
    await clock.run();
    expect(await large).toBe("LIMIT_EXCEEDED");
    expect(launches.map(({ atMs, items }) => [atMs, items.join("")])).toEqual([
      [0, "x"],
      [1, "abc"],
    ]);
  });

  it("makes batches smaller where they take too long for the target", async () => {
    const { clock, batcher } = rig({ maxBatch: 32, targetP99Ms: 19 });
    const again = (): void => void batcher.submit("a").then(() => clock.after(0, again));
    for (let client = 0; client < 16; client++) again();
    await clock.run(10_000);
    // 4 ms and 1 ms an item: a batch of all 16 takes 20 ms.
    expect(batcher.stats().batchLimit).toBeLessThan(16);
    batcher.update({ targetP99Ms: Number.POSITIVE_INFINITY });
    await clock.run(20_000);
    expect(batcher.stats().batchLimit).toBe(32);
  });

  it("counts what it does", async () => {
    const { clock, batcher } = rig();
    const seen: BatcherStats[] = [];
    let completed = false;
    batcher.stats$.subscribe({
      next: (stats) => seen.push(stats),
      complete: () => {
        completed = true;
      },
    });
    for (const item of "abc") void batcher.submit(item);
    await clock.run(1);
    expect(batcher.stats()).toMatchObject({ pendingCount: 0, runningCount: 3 });
    void batcher.submit("d");
    await clock.run();
    const stats = batcher.stats();
    expect(stats).toMatchObject({
      ...{ requestCount: 4, successCount: 4, inferenceCount: 4, executionCount: 2 },
      ...{ pendingCount: 0, runningCount: 0 },
      queueMs: { count: 4, sum: 6 },
      computeMs: { count: 2, sum: 12 },
      totalMs: { count: 4, sum: 3 * 7 + 11 },
      batchSize: { count: 2, sum: 4 },
    });
    expect(stats.buckets[""]?.cost.perItemMs).toBeCloseTo(1, 1);
    expect(seen.map(({ executionCount }) => executionCount)).toEqual([0, 1, 2]);
    const closing = batcher.close();
    await clock.run();
    await closing;
    expect(completed).toBe(true);
  });

  it("answers what waits when it is closed, and takes nothing more", async () => {
    const { clock, batcher } = rig({ maxBatch: 1 });
    const runs = Promise.all(["a", "b"].map((item) => batcher.submit(item)));
    const closing = batcher.close();
    expect(await ends(batcher.submit("c"))).toBe("CLOSED");
    await clock.run();
    await closing;
    expect(await runs).toEqual(["A", "B"]);
    await batcher.close();
  });

  it.each([
    { maxBatch: 0 },
    { maxBatch: 1.5 },
    { slots: 0 },
    { capacity: 0 },
    { ageingMs: 0 },
    { budget: Number.NaN },
    { allowedSizes: [] },
    { allowedSizes: [64] },
    { allowedSizes: [0, 4] },
    { allowedSizes: [2, 4], padding: false },
  ])("refuses %o, and leaves the knobs as they are", (knobs) => {
    const code = { code: "INVALID_OPTION" };
    expect(() => rig(knobs)).toThrow(expect.objectContaining(code));
    const { batcher } = rig();
    expect(() => batcher.update(knobs)).toThrow(expect.objectContaining(code));
  });

  it("refuses an item whose options have no sense, or whose functions throw", async () => {
    const { clock, batcher } = rig({
      key(item) {
        if (item === "x") throw new TypeError("no key");
        return undefined;
      },
    });
    expect(await ends(batcher.submit("a", { withinMs: Number.NaN }))).toBe("INVALID_OPTION");
    expect(await ends(batcher.submit("a", { priority: Number.NaN }))).toBe("INVALID_OPTION");
    expect(await ends(batcher.submit("x"))).toEqual(new TypeError("no key"));
    const good = batcher.submit("a");
    await clock.run();
    expect(await good).toBe("A");
    expect(batcher.stats()).toMatchObject({ requestCount: 4, rejectCount: 3, successCount: 1 });
  });

  it("works with real time", async () => {
    await using batcher = createBatcher({ run: async (items: readonly number[]) => items });
    expect(await Promise.all([1, 2, 3].map((item) => batcher.submit(item)))).toEqual([1, 2, 3]);
    expect(batcher.stats().executionCount).toBe(1);
  });
});
