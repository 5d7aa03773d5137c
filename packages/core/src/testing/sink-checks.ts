import { expect } from "vitest";
import type { Sink, SinkWriter } from "../flow/contracts.ts";
import { fromItems } from "../flow/from-items.ts";
import { pipeline } from "../flow/pipeline.ts";
import type { ConformanceCheck } from "./conformance.ts";
import type { DescribeSinkOptions } from "./describe-sink.ts";
import { outcomeOf, settles, someTurns } from "./settles.ts";
import { testContext } from "./test-context.ts";
import { type WatchedWatermark, watchWatermark } from "./watch-watermark.ts";

type Options = DescribeSinkOptions<unknown>;
type Check = ConformanceCheck<Options>;
type Writer = SinkWriter<unknown, unknown>;

/** The rules of the sink contract, in the order in which {@link describeSink} tests them. */
export const sinkChecks: readonly Check[] = [
  {
    title: "declares its contract version, a name and its capabilities",
    async run(options) {
      const sink = await options.create();
      expect(sink.apiVersion, "apiVersion").toBe(1);
      expect(sink.name, "a sink needs a name for messages").toMatch(/\S/);
      expect(sink.capabilities, "capabilities").toMatchObject({
        durable: expect.any(Boolean),
        resume: expect.any(Boolean),
      });
    },
  },
  {
    title: "says its watermark on subscription: nothing accepted, nothing durable",
    async run(options) {
      const { writer, marks } = await openWatched(options);
      expect(marks.first, "watermark$ says no value on subscription").toBeDefined();
      expect(marks.first, "watermark$ before the first write").toMatchObject({
        accepted: 0,
        durable: 0,
      });
      await end(writer, options);
      marks.stop();
    },
  },
  {
    title: "takes every item, one after another, and closes",
    async run(options) {
      const { writer, marks } = await openWatched(options);
      await writeAll(writer, marks, options);
      await settles(writer.close(), "close()", options.settleMs);
      await dispose(writer, options);
      if (options.read === undefined) return;
      const held = await options.read();
      expectHeld(held, options.items.length, options, "after close()");
    },
  },
  {
    title: "keeps its watermark in order, and complete after close()",
    async run(options) {
      const { sink, writer, marks } = await openWatched(options);
      await writeAll(writer, marks, options);
      await settles(writer.close(), "close()", options.settleMs);
      expectOrder(marks);
      expectFinal(marks, sink, options.items.length);
      await dispose(writer, options);
    },
  },
  {
    title: "accepts no item that its target does not hold",
    missing: ({ read }) => (read ? undefined : "no read() to look into the target"),
    async run(options) {
      const looks: Promise<void>[] = [];
      const { writer, marks } = await openWatched(options, ({ accepted }) => {
        if (options.read === undefined) return;
        const look = options
          .read()
          .then((held) => expectHeld(held, accepted, options, `at accepted = ${accepted}`));
        look.catch(() => {});
        looks.push(look);
      });
      await writeAll(writer, marks, options);
      await settles(writer.close(), "close()", options.settleMs);
      await settles(Promise.all(looks), "reading the target", options.settleMs);
      await dispose(writer, options);
    },
  },
  {
    title: "completes its watermark after close()",
    async run(options) {
      const { writer, marks } = await openWatched(options);
      await writeAll(writer, marks, options);
      await settles(writer.close(), "close()", options.settleMs);
      await settles(marks.ended, "watermark$ after close()", options.settleMs);
      await dispose(writer, options);
    },
  },
  {
    title: "completes its watermark after abort()",
    async run(options) {
      const { writer, marks } = await openWatched(options);
      await writeOne(writer, marks, options);
      await abort(writer, "after a write", options);
      await settles(marks.ended, "watermark$ after abort()", options.settleMs);
      expectOrder(marks);
      await dispose(writer, options);
    },
  },
  {
    title: "closes without a single item",
    async run(options) {
      const { sink, writer, marks } = await openWatched(options);
      await settles(writer.close(), "close() without a write", options.settleMs);
      expectFinal(marks, sink, 0);
      await dispose(writer, options);
    },
  },
  {
    title: "opens a second writer after the first has ended",
    async run(options) {
      const first = await openWatched(options);
      await writeAll(first.writer, first.marks, options);
      await settles(first.writer.close(), "close() of the first writer", options.settleMs);
      await dispose(first.writer, options);
      const second = await openWatched(options, undefined, first.sink);
      expect(second.marks.first, "the second writer counts from its own first item").toMatchObject({
        accepted: 0,
        durable: 0,
      });
      await writeAll(second.writer, second.marks, options);
      await settles(second.writer.close(), "close() of the second writer", options.settleMs);
      expectFinal(second.marks, second.sink, options.items.length);
      await dispose(second.writer, options);
    },
  },
  {
    title: "takes abort() before the first write, twice",
    async run(options) {
      const { writer } = await openWatched(options);
      await abort(writer, "before the first write", options);
      await abort(writer, "for the second time", options);
      await dispose(writer, options);
    },
  },
  {
    title: "takes abort() between two writes, twice",
    async run(options) {
      const { writer, marks } = await openWatched(options);
      await writeOne(writer, marks, options);
      await abort(writer, "between two writes", options);
      await abort(writer, "for the second time", options);
      await dispose(writer, options);
    },
  },
  {
    title: "takes abort() after close()",
    async run(options) {
      const { sink, writer, marks } = await openWatched(options);
      await writeAll(writer, marks, options);
      await settles(writer.close(), "close()", options.settleMs);
      await abort(writer, "after close()", options);
      await someTurns();
      expectFinal(marks, sink, options.items.length);
      await dispose(writer, options);
    },
  },
  {
    title: "takes abort() during a write, and settles both",
    async run(options) {
      const { writer, marks } = await openWatched(options);
      marks.written += 1;
      const pending = outcomeOf(
        writer.write(options.items[0]),
        "a write() that was under way at abort()",
        options.settleMs,
      );
      await Promise.all([abort(writer, "during a write", options), pending]);
      await dispose(writer, options);
    },
  },
  {
    title: "takes disposal after close(), after abort() and on its own, twice each",
    async run(options) {
      const endings: readonly [string, (writer: Writer) => Promise<unknown>][] = [
        ["after close()", (writer) => settles(writer.close(), "close()", options.settleMs)],
        ["after abort()", (writer) => abort(writer, "before disposal", options)],
        ["on its own", async () => {}],
      ];
      for (const [when, ending] of endings) {
        const { writer, marks } = await openWatched(options);
        await writeOne(writer, marks, options);
        await ending(writer);
        await dispose(writer, options, when);
        await dispose(writer, options, `${when}, for the second time`);
        marks.stop();
      }
    },
  },
  {
    title: "rejects with the signal's reason, or opens, when the abort came before open()",
    async run(options) {
      const sink = await options.create();
      const reason = new Error("aborted by the suite");
      const context = testContext({ signal: AbortSignal.abort(reason) });
      const outcome = await outcomeOf(
        sink.open(context),
        "open() after an abort",
        options.settleMs,
      );
      if (outcome.kind === "error") expectReason(outcome.error, reason, "open()");
      else await end(outcome.value, options);
    },
  },
  {
    title: "settles a write() in flight when its signal aborts",
    async run(options) {
      const controller = new AbortController();
      const reason = new Error("aborted by the suite");
      const sink = await options.create();
      const writer = await settles(
        sink.open(testContext({ signal: controller.signal })),
        "open()",
        options.settleMs,
      );
      const pending = writer.write(options.items[0]);
      controller.abort(reason);
      const outcome = await outcomeOf(pending, "write() in flight at the abort", options.settleMs);
      if (outcome.kind === "error") expectReason(outcome.error, reason, "write() in flight");
      await end(writer, options);
    },
  },
  {
    title: "ends a run with the reason of its abort",
    async run(options) {
      const controller = new AbortController();
      const reason = new Error("aborted by the suite");
      const sink = await options.create();
      const run = pipeline(fromItems(options.items), async function* abortAtSecond(items) {
        let taken = 0;
        for await (const item of items) {
          taken += 1;
          if (taken === 2) controller.abort(reason);
          yield item;
        }
      }).to(sink, { signal: controller.signal });
      const outcome = await outcomeOf(run.result, "run.result after an abort", options.settleMs);
      if (outcome.kind === "value") throw new Error("run.result did not reject after an abort");
      expectReason(outcome.error, reason, "run.result");
    },
  },
  {
    title: "carries a run to its end",
    async run(options) {
      const sink = await options.create();
      const run = pipeline(fromItems(options.items)).to(sink);
      let accepted = 0;
      run.watermark$.subscribe(({ items }) => {
        accepted = items.accepted;
      });
      await settles(run.result, "run.result", options.settleMs);
      expect(accepted, "items accepted at the end of the run").toBe(options.items.length);
    },
  },
];

interface Opened {
  readonly sink: Sink<unknown, unknown>;
  readonly writer: Writer;
  readonly marks: WatchedWatermark;
}

async function openWatched(
  options: Options,
  onMark?: Parameters<typeof watchWatermark>[1],
  sink?: Sink<unknown, unknown>,
): Promise<Opened> {
  const used = sink ?? (await options.create());
  const writer = await settles(used.open(testContext()), "open()", options.settleMs);
  return { sink: used, writer, marks: watchWatermark(writer, onMark) };
}

async function writeOne(
  writer: Writer,
  marks: WatchedWatermark,
  options: Options,
  index = 0,
): Promise<void> {
  marks.written += 1;
  await settles(
    writer.write(options.items[index]),
    `write() number ${index + 1}`,
    options.settleMs,
  );
}

async function writeAll(writer: Writer, marks: WatchedWatermark, options: Options): Promise<void> {
  for (const index of options.items.keys()) await writeOne(writer, marks, options, index);
}

async function abort(writer: Writer, when: string, options: Options): Promise<void> {
  const reason = new Error("aborted by the suite");
  const outcome = await outcomeOf(writer.abort(reason), `abort() ${when}`, options.settleMs);
  if (outcome.kind === "error") {
    throw new Error(`abort() ${when} rejected: ${String(outcome.error)}`, { cause: outcome.error });
  }
}

async function dispose(writer: Writer, options: Options, when = "at the end"): Promise<void> {
  const outcome = await outcomeOf(
    Promise.resolve(writer[Symbol.asyncDispose]()),
    `disposal ${when}`,
    options.settleMs,
  );
  if (outcome.kind === "error") {
    throw new Error(`disposal ${when} failed: ${String(outcome.error)}`, { cause: outcome.error });
  }
}

async function end(writer: Writer, options: Options): Promise<void> {
  await abort(writer, "at the end of the check", options);
  await dispose(writer, options);
}

function expectReason(error: unknown, reason: Error, what: string): void {
  if (error === reason) return;
  throw new Error(`${what} rejected with "${String(error)}" instead of signal.reason itself`, {
    cause: error,
  });
}

function expectOrder(marks: WatchedWatermark): void {
  if (marks.complaint !== undefined) throw new Error(marks.complaint);
}

function expectFinal(marks: WatchedWatermark, sink: Sink<unknown, unknown>, written: number): void {
  expect(marks.last?.accepted, "items accepted when close() had settled").toBe(written);
  expect(
    marks.last?.durable,
    sink.capabilities.durable
      ? "items durable when close() had settled, in a sink that promises durability"
      : "items durable in a sink that does not promise durability",
  ).toBe(sink.capabilities.durable ? written : 0);
}

function expectHeld(
  held: readonly unknown[] | number,
  least: number,
  options: Options,
  when: string,
): void {
  const count = typeof held === "number" ? held : held.length;
  expect(
    count,
    `${when} the target holds ${count} items of ${least}: the watermark is not true`,
  ).toBeGreaterThanOrEqual(least);
  if (typeof held === "number") return;
  for (let i = 0; i < least; i++) {
    const message = `${when}: item ${i} in the target is not what was written`;
    if (options.equal === undefined) expect(held[i], message).toEqual(options.items[i]);
    else expect(options.equal(held[i], options.items[i]), message).toBe(true);
  }
}
