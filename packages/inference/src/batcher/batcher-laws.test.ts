import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fakeDevice } from "../testing/fake-device.ts";
import { virtualClock } from "../testing/virtual-clock.ts";
import type { BatcherKnobs } from "./batcher-options.ts";
import { createBatcher } from "./create-batcher.ts";

/** A request as a script has it. */
interface Planned {
  readonly gapMs: number;
  readonly priority: number;
  readonly stream: number | undefined;
  readonly bucket: number;
  readonly cost: number;
  readonly key: number | undefined;
  readonly withinMs: number | undefined;
  readonly abortAfterMs: number | undefined;
  readonly fails: boolean;
}

interface Item extends Planned {
  readonly id: number;
}

interface Launched {
  readonly atMs: number;
  endMs: number;
  readonly items: readonly Item[];
  readonly size: number;
  readonly knobs: BatcherKnobs;
}

const AGEING_MS = 50;
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined, freq: 3 });
const planned: fc.Arbitrary<Planned> = fc.record({
  gapMs: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 30, noNaN: true })),
  priority: fc.integer({ min: 0, max: 3 }),
  stream: maybe(fc.integer({ min: 0, max: 2 })),
  bucket: fc.integer({ min: 0, max: 1 }),
  cost: fc.integer({ min: 1, max: 4 }),
  key: maybe(fc.integer({ min: 0, max: 5 })),
  withinMs: maybe(fc.double({ min: 0, max: 80, noNaN: true })),
  abortAfterMs: maybe(fc.double({ min: 0, max: 60, noNaN: true })),
  fails: fc.boolean(),
});
const knobs: fc.Arbitrary<BatcherKnobs> = fc
  .record({
    maxBatch: fc.integer({ min: 1, max: 9 }),
    budget: fc.integer({ min: 4, max: 12 }),
    slots: fc.integer({ min: 1, max: 3 }),
    sizes: fc.constantFrom(undefined, [1], [1, 2, 4], [1, 3, 9]),
    padding: fc.boolean(),
  })
  .map(({ sizes, ...rest }) => ({
    ...rest,
    allowedSizes: sizes?.filter((size) => size <= rest.maxBatch) ?? [1, 2, 3, 4, 5, 6, 7, 8, 9],
  }));
const scenario = fc.record({
  requests: fc.array(planned, { minLength: 1, maxLength: 60 }),
  first: knobs,
  changes: fc.array(fc.record({ atMs: fc.double({ min: 0, max: 300, noNaN: true }), knobs }), {
    maxLength: 3,
  }),
  perItemMs: fc.double({ min: 0, max: 5, noNaN: true }),
  fixedMs: fc.double({ min: 0.01, max: 10, noNaN: true }),
});
type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;

/** Plays a scenario to its end and tells everything that happened. */
async function play({ requests, first, changes, perItemMs, fixedMs }: Scenario) {
  const clock = virtualClock();
  const device = fakeDevice({ clock, perItemMs, fixedMs });
  const launches: Launched[] = [];
  const settled = new Map<number, { count: number; how: string; atMs: number }>();
  const aborted = new Map<number, number>();
  const sentMs = new Map<number, number>();
  let current: BatcherKnobs = first;
  const batcher = createBatcher<Item, number>({
    ...first,
    clock,
    ageingMs: AGEING_MS,
    stream: ({ stream }) => (stream === undefined ? undefined : `${stream}`),
    bucket: ({ bucket }) => `${bucket}`,
    cost: ({ cost }) => cost,
    key: ({ key, bucket, cost, stream }) =>
      key === undefined ? undefined : `${key} ${bucket} ${cost} ${stream}`,
    async run(items, { size }) {
      const launch = { atMs: clock.nowMs(), endMs: Number.NaN, items, size, knobs: current };
      launches.push(launch);
      await device.run(size);
      launch.endMs = clock.nowMs();
      return items.map(({ id, fails }) => (fails ? new Error("it fails") : id));
    },
  });
  let atMs = 0;
  for (const [id, request] of requests.entries()) {
    atMs += request.gapMs;
    clock.after(atMs, () => {
      sentMs.set(id, clock.nowMs());
      const controller = new AbortController();
      if (request.abortAfterMs !== undefined) {
        clock.after(request.abortAfterMs, () => {
          if (settled.has(id)) return;
          aborted.set(id, clock.nowMs());
          controller.abort(`aborted ${id}`);
        });
      }
      const note = (how: string): void => {
        const before = settled.get(id)?.count ?? 0;
        settled.set(id, { count: before + 1, how, atMs: clock.nowMs() });
      };
      const { priority, withinMs } = request;
      batcher
        .submit(
          { ...request, id },
          {
            signal: controller.signal,
            priority,
            ...(withinMs !== undefined && { withinMs }),
          },
        )
        .then(
          () => note("ok"),
          (error) => note(typeof error === "string" ? error : (error.code ?? error.message)),
        );
    });
  }
  for (const change of changes) {
    clock.after(change.atMs, () => {
      current = change.knobs;
      batcher.update(change.knobs);
    });
  }
  await clock.run();
  return { clock, batcher, launches, settled, aborted, sentMs };
}

const law = (
  judge: (played: Awaited<ReturnType<typeof play>>, script: Scenario) => void,
): Promise<void> =>
  fc.assert(
    fc.asyncProperty(scenario, async (script) => judge(await play(script), script)),
    { numRuns: 150 },
  );

describe("a batcher, whatever happens and whichever knobs are turned,", () => {
  it("settles every promise exactly once, and runs nothing twice", () =>
    law(({ settled, launches, batcher }, { requests }) => {
      expect(settled.size).toBe(requests.length);
      for (const { count } of settled.values()) expect(count).toBe(1);
      const ran = launches.flatMap(({ items }) => items.map(({ id }) => id));
      expect(new Set(ran).size).toBe(ran.length);
      const { requestCount, successCount, failureCount, cancelCount, timeoutCount, rejectCount } =
        batcher.stats();
      expect(successCount + failureCount + cancelCount + timeoutCount + rejectCount).toBe(
        requestCount,
      );
      expect(batcher.stats()).toMatchObject({ pendingCount: 0, runningCount: 0 });
    }));

  it("never exceeds the largest batch, the budget, the allowed sizes or the slots", () =>
    law(({ launches }) => {
      for (const { items, size, knobs: now, atMs } of launches) {
        expect(items.length).toBeLessThanOrEqual(size);
        expect(size).toBeLessThanOrEqual(now.maxBatch ?? 0);
        expect(now.allowedSizes).toContain(size);
        if (!now.padding) expect(items.length).toBe(size);
        const cost = items.reduce((sum, item) => sum + item.cost, 0);
        expect(cost).toBeLessThanOrEqual(now.budget ?? 0);
        expect(new Set(items.map(({ bucket }) => bucket)).size).toBe(1);
        const beside = launches.filter((other) => other.atMs <= atMs && other.endMs > atMs);
        // Those that were launched before the slots became fewer go on.
        const allowed = Math.max(...launches.map(({ knobs: { slots = 1 } }) => slots));
        expect(beside.length).toBeLessThanOrEqual(allowed);
      }
    }));

  it("launches nothing that was aborted or given up before", () =>
    law(({ launches, aborted, settled }) => {
      for (const { items, atMs } of launches) {
        for (const { id, key } of items) {
          // Others may wait for the same work.
          if (key !== undefined) continue;
          expect(aborted.get(id) ?? Number.POSITIVE_INFINITY).toBeGreaterThanOrEqual(atMs);
          expect(settled.get(id)?.how).not.toBe("TIMEOUT");
        }
      }
    }));

  it("keeps the order of each stream", () =>
    law(({ launches }) => {
      const ends = new Map<number, { id: number; endMs: number }>();
      for (const { items, atMs, endMs } of launches) {
        for (const { id, stream } of items) {
          if (stream === undefined) continue;
          const before = ends.get(stream);
          if (before !== undefined) {
            expect(id).toBeGreaterThan(before.id);
            // In the same batch, or after the end of the one before.
            if (before.endMs !== endMs) expect(atMs).toBeGreaterThanOrEqual(before.endMs);
          }
          ends.set(stream, { id, endMs });
        }
      }
    }));

  it("goes first in, first out within a priority and a bucket, and overtakes by ageing at most", () =>
    law(({ launches, sentMs }) => {
      const plain = launches.flatMap(({ items, atMs }) =>
        items
          .filter(({ stream, key }) => stream === undefined && key === undefined)
          .map((item) => ({ ...item, atMs, sent: sentMs.get(item.id) ?? 0 })),
      );
      for (const [i, later] of plain.entries()) {
        for (const earlier of plain.slice(0, i)) {
          if (earlier.bucket !== later.bucket || earlier.atMs < later.sent) continue;
          // Its place is that of its priority, less that of its age.
          const lead = (earlier.priority - later.priority) * AGEING_MS;
          expect(earlier.sent - lead).toBeLessThanOrEqual(later.sent + 1e-6);
        }
      }
    }));

  it("holds nothing back for longer than a batch takes", () =>
    law(({ launches, sentMs }, { perItemMs, fixedMs, first, changes }) => {
      const all = [first, ...changes.map(({ knobs: changed }) => changed)];
      if (all.some(({ slots }) => slots !== 1)) return;
      const longest = perItemMs * 9 + fixedMs;
      for (const [i, { items, atMs }] of launches.entries()) {
        const freeMs = launches[i - 1]?.endMs ?? 0;
        for (const { id } of items) {
          const readyMs = Math.max(freeMs, sentMs.get(id) ?? 0);
          expect(atMs - readyMs).toBeLessThanOrEqual(longest * 2 + 1e-6);
        }
      }
    }));

  it("lets a lone request at idle wait for nothing", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { minLength: 1, maxLength: 80 }),
        async (gaps) => {
          const clock = virtualClock();
          const device = fakeDevice({ clock, perItemMs: 1, fixedMs: 4 });
          const waits: number[] = [];
          const batcher = createBatcher<number, number>({
            clock,
            async run(items) {
              for (const sent of items) waits.push(clock.nowMs() - sent);
              await device.run(items.length);
              return items;
            },
          });
          for (const gap of gaps) {
            void batcher.submit(clock.nowMs());
            // The device is done after 5 ms.
            await clock.run(clock.nowMs() + 5.001 + gap);
          }
          expect(Math.max(...waits)).toBe(0);
        },
      ),
      { numRuns: 60 },
    ));
});
