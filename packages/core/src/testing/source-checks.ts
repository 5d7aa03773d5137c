import { expect } from "vitest";
import { MillraceError } from "../errors.ts";
import type { Source } from "../flow/contracts.ts";
import { pipeline } from "../flow/pipeline.ts";
import type { ConformanceCheck } from "./conformance.ts";
import type { DescribeSourceOptions } from "./describe-source.ts";
import { memorySink } from "./memory-sink.ts";
import { eventually, outcomeOf, settles, someTurns } from "./settles.ts";
import { testContext } from "./test-context.ts";

type Options = DescribeSourceOptions<unknown>;
type Check = ConformanceCheck<Options>;

/** The rules of the source contract, in the order in which {@link describeSource} tests them. */
export const sourceChecks: readonly Check[] = [
  {
    title: "declares its contract version and a name",
    async run(options) {
      const source = await options.create();
      expect(source.apiVersion, "apiVersion").toBe(1);
      expect(source.name, "a source needs a name for messages").toMatch(/\S/);
    },
  },
  {
    title: "reads nothing before the first next()",
    async run(options) {
      const source = await options.create();
      const before = { reads: options.reads?.(), opened: options.opened?.() };
      const context = testContext();
      const iterator = source.open(context)[Symbol.asyncIterator]();
      await someTurns();
      const early = "before the first next()";
      expect(context.events, `events were emitted ${early}`).toEqual([]);
      expect(context.meter, `the meter moved ${early}`).toEqual({
        bytes: 0,
        bytesTotal: 0,
        origins: 0,
        originsTotal: 0,
      });
      expect(options.reads?.(), `something was read ${early}`).toBe(before.reads);
      expect(options.opened?.(), `a resource was taken ${early}`).toBe(before.opened);
      await settles(close(iterator), "return() before the first next()", options.settleMs);
    },
  },
  {
    title: "delivers every item, in order",
    async run(options) {
      expectItems(await collect(await options.create(), options), options, "the pass");
    },
  },
  {
    title: "delivers the same when opened again",
    async run(options) {
      const source = await options.create();
      expectItems(await collect(source, options), options, "the first pass");
      expectItems(await collect(source, options), options, "the second pass");
    },
  },
  {
    title: "serves two passes at the same time",
    async run(options) {
      const source = await options.create();
      const passes = [0, 1].map(() => ({
        iterator: source.open(testContext())[Symbol.asyncIterator](),
        items: [] as unknown[],
        done: false,
      }));
      while (passes.some(({ done }) => !done)) {
        for (const pass of passes) {
          if (pass.done) continue;
          const step = await settles(pass.iterator.next(), "next()", options.settleMs);
          if (step.done) pass.done = true;
          else pass.items.push(step.value);
        }
      }
      for (const [i, { items }] of passes.entries()) {
        expectItems(items, options, `pass ${i + 1} of two at the same time`);
      }
    },
  },
  {
    title: "delivers no item where there is none",
    missing: ({ createEmpty }) => (createEmpty ? undefined : "no createEmpty"),
    async run(options) {
      const items = await collect(await need(options.createEmpty, "createEmpty")(), options);
      expect(items, "an empty source delivered something").toEqual([]);
    },
  },
  {
    title: "reads no further ahead than it says",
    missing: ({ reads }) => (reads ? undefined : "no reads() to count them"),
    async run(options) {
      const reads = need(options.reads, "reads");
      const { readAhead = 0 } = options;
      const source = await options.create();
      const before = reads();
      const iterator = source.open(testContext())[Symbol.asyncIterator]();
      for (let taken = 1; taken <= options.expected.length; taken++) {
        await settles(iterator.next(), "next()", options.settleMs);
        await someTurns();
        const ahead = reads() - before - taken;
        expect(
          ahead,
          `read-ahead: ${ahead} reads ahead after ${taken} items, at most ${readAhead} allowed`,
        ).toBeLessThanOrEqual(readAhead);
      }
      await settles(close(iterator), "return()", options.settleMs);
    },
  },
  {
    title: "settles return() when its consumer stops early",
    async run(options) {
      const source = await options.create();
      const iterator = source.open(testContext())[Symbol.asyncIterator]();
      await settles(iterator.next(), "next()", options.settleMs);
      await settles(close(iterator), "return() after the first item", options.settleMs);
    },
  },
  {
    title: "lets go of every resource exactly once",
    missing: ({ opened, released }) =>
      opened && released ? undefined : "no opened() and released() to count them",
    async run(options) {
      const endings: readonly [string, (source: Source<unknown>) => Promise<unknown>][] = [
        ["the last item", (source) => collect(source, options)],
        ["a consumer that stopped early", (source) => takeOne(source, options)],
        ["an abort", (source) => takeOneAndAbort(source, options)],
      ];
      for (const [ending, run] of endings) {
        const source = await options.create();
        await expectReleased(options, ending, () => run(source));
      }
      if (options.createFailing !== undefined) {
        const source = await options.createFailing();
        await expectReleased(options, "a failure", () =>
          outcomeOf(collect(source, options), "the failing pass", options.settleMs),
        );
      }
    },
  },
  {
    title: "rejects with the signal's reason when the abort came first",
    async run(options) {
      const source = await options.create();
      const reason = new Error("aborted by the suite");
      const context = testContext({ signal: AbortSignal.abort(reason) });
      const iterator = source.open(context)[Symbol.asyncIterator]();
      await expectReason(iterator.next(), reason, "next() after the abort", options);
    },
  },
  {
    title: "rejects with the signal's reason when aborted between two items",
    async run(options) {
      await takeOneAndAbort(await options.create(), options);
    },
  },
  {
    title: "settles a next() in flight when aborted",
    async run(options) {
      const source = await options.create();
      const abort = new AbortController();
      const reason = new Error("aborted by the suite");
      const iterator = source.open(testContext({ signal: abort.signal }))[Symbol.asyncIterator]();
      const pending = iterator.next();
      abort.abort(reason);
      const outcome = await outcomeOf(pending, "next() in flight at the abort", options.settleMs);
      // An item that was ready is as good an answer as the reason; any other error is not.
      if (outcome.kind === "error") expectSame(outcome.error, reason, "next() in flight");
      else await expectReason(iterator.next(), reason, "next() after the abort", options);
    },
  },
  {
    title: "rejects a next() that waits in vain with the signal's reason when aborted",
    missing: ({ createStalled }) => (createStalled ? undefined : "no createStalled"),
    async run(options) {
      const source = await need(options.createStalled, "createStalled")();
      const abort = new AbortController();
      const reason = new Error("aborted by the suite");
      const iterator = source.open(testContext({ signal: abort.signal }))[Symbol.asyncIterator]();
      const pending = iterator.next();
      pending.catch(() => {});
      await someTurns();
      abort.abort(reason);
      await expectReason(pending, reason, "the waiting next()", options);
    },
  },
  {
    title: "ends a run with the reason of its abort",
    async run(options) {
      const source = await options.create();
      const abort = new AbortController();
      const reason = new Error("aborted by the suite");
      const sink = memorySink();
      const run = pipeline(source, async function* abortAtFirst(items) {
        for await (const item of items) {
          abort.abort(reason);
          yield item;
        }
      }).to(sink, { signal: abort.signal });
      await expectReason(run.result, reason, "run.result", options);
    },
  },
  {
    title: "ends a run with one MillraceError when it fails",
    missing: ({ createFailing }) => (createFailing ? undefined : "no createFailing"),
    async run(options) {
      const source = await need(options.createFailing, "createFailing")();
      const run = pipeline(source).to(memorySink());
      const outcome = await outcomeOf(run.result, "run.result", options.settleMs);
      if (outcome.kind === "value") throw new Error("a failing source ended as if all were well");
      const { error } = outcome;
      if (!MillraceError.is(error)) {
        throw new Error(`the failure is no MillraceError: ${String(error)}`, { cause: error });
      }
      expect(MillraceError.is(error.cause), "the failure was wrapped more than once").toBe(false);
      if (error.code === "INTERNAL") {
        expect(error.cause, "a wrapped failure keeps its cause").toBeDefined();
      }
    },
  },
];

/** An option whose absence `missing` has already told. */
function need<V>(option: V | undefined, name: string): V {
  if (option === undefined) throw new Error(`This check needs the option ${name}.`);
  return option;
}

async function close(iterator: AsyncIterator<unknown>): Promise<void> {
  await iterator.return?.();
}

async function collect(source: Source<unknown>, options: Options): Promise<unknown[]> {
  const items: unknown[] = [];
  const iterator = source.open(testContext())[Symbol.asyncIterator]();
  while (true) {
    const step = await settles(
      iterator.next(),
      `next() number ${items.length + 1}`,
      options.settleMs,
    );
    if (step.done) return items;
    items.push(step.value);
    if (items.length > options.expected.length) {
      await close(iterator);
      throw new Error(`more than the ${options.expected.length} expected items were delivered`);
    }
  }
}

async function takeOne(source: Source<unknown>, options: Options): Promise<void> {
  const iterator = source.open(testContext())[Symbol.asyncIterator]();
  await settles(iterator.next(), "next()", options.settleMs);
  await settles(close(iterator), "return()", options.settleMs);
}

async function takeOneAndAbort(source: Source<unknown>, options: Options): Promise<void> {
  const abort = new AbortController();
  const reason = new Error("aborted by the suite");
  const iterator = source.open(testContext({ signal: abort.signal }))[Symbol.asyncIterator]();
  await settles(iterator.next(), "next()", options.settleMs);
  abort.abort(reason);
  await expectReason(iterator.next(), reason, "next() after the abort", options);
}

async function expectReason(
  promise: PromiseLike<unknown>,
  reason: Error,
  what: string,
  options: Options,
): Promise<void> {
  const outcome = await outcomeOf(promise, `${what}, after an abort,`, options.settleMs);
  if (outcome.kind === "value") throw new Error(`${what} did not reject although it was aborted`);
  expectSame(outcome.error, reason, what);
}

function expectSame(error: unknown, reason: Error, what: string): void {
  if (error === reason) return;
  throw new Error(`${what} rejected with "${String(error)}" instead of signal.reason itself`, {
    cause: error,
  });
}

async function expectReleased(
  options: Options,
  ending: string,
  run: () => Promise<unknown>,
): Promise<void> {
  const opened = need(options.opened, "opened");
  const released = need(options.released, "released");
  const before = { opened: opened(), released: released() };
  await run();
  const count = (): { readonly taken: number; readonly letGo: number } => ({
    taken: opened() - before.opened,
    letGo: released() - before.released,
  });
  const message = (): string =>
    `after ${ending}: ${count().taken} resources taken, ${count().letGo} let go of`;
  await eventually(() => count().letGo >= count().taken, message, options.settleMs);
  await someTurns();
  expect(count().letGo, message()).toBe(count().taken);
}

function expectItems(actual: readonly unknown[], options: Options, what: string): void {
  const { expected, equal, ordered = true } = options;
  const same = (a: unknown, b: unknown): boolean => {
    if (equal !== undefined) return equal(a, b);
    try {
      expect(a).toEqual(b);
      return true;
    } catch {
      return false;
    }
  };
  expect(actual.length, `${what} delivered another number of items`).toBe(expected.length);
  const open = [...expected];
  for (const [i, item] of actual.entries()) {
    const at = ordered
      ? same(item, open[0])
        ? 0
        : -1
      : open.findIndex((candidate) => same(item, candidate));
    if (at < 0) {
      expect(item, `${what}: item ${i} is not the expected one`).toEqual(expected[i]);
      throw new Error(`${what}: item ${i} is not the expected one`);
    }
    open.splice(at, 1);
  }
}
