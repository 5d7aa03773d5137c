import { describe, expect, it } from "vitest";
import { MillraceError } from "../errors.ts";
import type { RunContext } from "../flow/context.ts";
import type { Source } from "../flow/contracts.ts";
import { countingSource } from "./counting-source.ts";
import type { DescribeSourceOptions } from "./describe-source.ts";
import { failuresOf } from "./failures-of.ts";
import { sourceChecks } from "./source-checks.ts";
import { testContext } from "./test-context.ts";

/** Never aborted: for sources that ignore the one they are given. */
const context = testContext();

const counts = { reads: 0, opened: 0, released: 0 };

/** A suite of three numbers, read from a source that the test wrote. */
function suiteOf(
  open: (context: RunContext) => AsyncIterable<number>,
  changes: Partial<DescribeSourceOptions<unknown>> = {},
): DescribeSourceOptions<unknown> {
  return {
    create: (): Source<unknown> => ({ apiVersion: 1, name: "broken", open }),
    expected: [0, 1, 2],
    reads: () => counts.reads,
    opened: () => counts.opened,
    released: () => counts.released,
    settleMs: 40,
    ...changes,
  };
}

const failures = (options: DescribeSourceOptions<unknown>) => failuresOf(sourceChecks, options);

/** What a good source does, with places to go wrong. */
async function* good(
  { signal }: RunContext,
  { numbers = [0, 1, 2], releases = 1, reason = () => signal.reason } = {},
): AsyncGenerator<number> {
  counts.opened += 1;
  try {
    for (const n of numbers) {
      if (signal.aborted) throw reason();
      counts.reads += 1;
      yield n;
    }
  } finally {
    counts.released += releases;
  }
}

describe("sourceChecks", () => {
  it("let an honest source pass", async () => {
    expect(await failures(suiteOf((context) => good(context)))).toEqual({});
  });

  it("catch a source that works before the first next()", async () => {
    const taking = suiteOf((context) => {
      counts.opened += 1;
      counts.released += 1;
      return good(context);
    });
    const title = "reads nothing before the first next()";
    expect((await failures(taking))[title]).toContain("a resource was taken before the first next");
    const reading = suiteOf((context) => {
      context.meter.bytesTotal = 10;
      return good(context);
    });
    expect((await failures(reading))[title]).toContain("the meter moved before the first next()");
    const talking = suiteOf((context) => {
      context.emit({ type: "warning", message: "hello" });
      return good(context);
    });
    expect((await failures(talking))[title]).toContain("events were emitted before the first next");
  });

  it("catch missing, surplus and exchanged items", async () => {
    const title = "delivers every item, in order";
    const deliver = async (numbers: number[], ordered = true) =>
      (await failures(suiteOf((context) => good(context, { numbers }), { ordered })))[title];
    expect(await deliver([0, 1])).toContain("the pass delivered another number of items");
    expect(await deliver([0, 1, 2, 3])).toContain("more than the 3 expected items");
    expect(await deliver([1, 0, 2])).toContain("the pass: item 0 is not the expected one");
    expect(await deliver([1, 0, 2], false)).toBeUndefined();
    expect(await deliver([1, 1, 2], false)).toContain("item 1 is not the expected one");
  });

  it("catch a source that is used up by its first pass", async () => {
    const found = await failures(
      suiteOf(() => good(context), {
        create() {
          const items = good(context);
          return { apiVersion: 1, name: "once", open: () => items };
        },
      }),
    );
    expect(found["delivers the same when opened again"]).toContain(
      "the second pass delivered another number of items",
    );
    expect(found["serves two passes at the same time"]).toContain("of two at the same time");
  });

  it("catch reading ahead", async () => {
    const greedy = suiteOf(async function* (context) {
      counts.reads += 2;
      yield* good(context);
    });
    const title = "reads no further ahead than it says";
    expect((await failures(greedy))[title]).toContain(
      "read-ahead: 2 reads ahead after 1 items, at most 0 allowed",
    );
    expect((await failures({ ...greedy, readAhead: 2 }))[title]).toBeUndefined();
  });

  it("catch what is never let go of, and what is let go of twice", async () => {
    const title = "lets go of every resource exactly once";
    const leaking = await failures(suiteOf((context) => good(context, { releases: 0 })));
    expect(leaking[title]).toBe("after the last item: 1 resources taken, 0 let go of");
    const twice = await failures(suiteOf((context) => good(context, { releases: 2 })));
    expect(twice[title]).toContain("after the last item: 1 resources taken, 2 let go of");
  });

  it("catch a return() that never settles", async () => {
    const found = await failures(
      suiteOf((context) => {
        const items = good(context);
        return {
          [Symbol.asyncIterator]: () => ({
            next: () => items.next(),
            return: () => new Promise<never>(() => {}),
          }),
        };
      }),
    );
    expect(found["settles return() when its consumer stops early"]).toBe(
      "return() after the first item did not settle in 40 ms",
    );
  });

  it("catch an abort that is ignored, and one that is told differently", async () => {
    const title = "rejects with the signal's reason when aborted between two items";
    const deaf = await failures(suiteOf(() => good(context)));
    expect(deaf[title]).toBe("next() after the abort did not reject although it was aborted");
    const wrong = await failures(
      suiteOf((own) => good(own, { reason: () => new Error("cancelled") })),
    );
    expect(wrong[title]).toBe(
      'next() after the abort rejected with "Error: cancelled" instead of signal.reason itself',
    );
  });

  it("catch a waiting next() that no abort wakes", async () => {
    const found = await failures(
      suiteOf((own) => good(own), {
        createStalled: () => ({
          apiVersion: 1,
          name: "deaf",
          open: () => ({
            [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }),
          }),
        }),
      }),
    );
    expect(found).toEqual({
      "rejects a next() that waits in vain with the signal's reason when aborted":
        "the waiting next(), after an abort, did not settle in 40 ms",
    });
  });

  it("catch an empty source that is not, a failure that is none, and one wrapped twice", async () => {
    const inner = new MillraceError("NOT_FOUND", "no such file");
    const failing = (error: unknown): Source<number> => ({
      apiVersion: 1,
      name: "failing",
      async *open() {
        yield 0;
        throw error;
      },
    });
    const title = "ends a run with one MillraceError when it fails";
    const outcome = async (createFailing: () => Source<number>) =>
      (await failures(suiteOf((own) => good(own), { createFailing })))[title];
    expect(await outcome(() => countingSource(1))).toBe(
      "a failing source ended as if all were well",
    );
    expect(await outcome(() => failing(inner))).toBeUndefined();
    expect(await outcome(() => failing(new Error("disk")))).toBeUndefined();
    expect(
      await outcome(() =>
        failing(new MillraceError("INTERNAL", "source failed", { cause: inner })),
      ),
    ).toContain("the failure was wrapped more than once");
    const full = suiteOf((own) => good(own), { createEmpty: () => countingSource(1) });
    expect((await failures(full))["delivers no item where there is none"]).toContain(
      "an empty source delivered something",
    );
  });
});
