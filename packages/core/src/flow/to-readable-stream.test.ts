import { Readable } from "node:stream";
import { pipeline as pipeStreams } from "node:stream/promises";
import fc from "fast-check";
import { describe, expect, expectTypeOf, it } from "vitest";
import { countingSource } from "../testing/counting-source.ts";
import { settles, someTurns } from "../testing/settles.ts";
import { fromItems } from "./from-items.ts";
import { pipeline } from "./pipeline.ts";

const text = new TextEncoder();

describe("flow.toReadableStream", () => {
  it("delivers every item in order and reads at most highWaterMark ahead", async () => {
    const given = fc.record({
      length: fc.nat({ max: 15 }),
      highWaterMark: fc.nat({ max: 4 }),
      reads: fc.nat({ max: 20 }),
    });
    await fc.assert(
      fc.asyncProperty(given, async ({ length, highWaterMark, reads }) => {
        const source = countingSource(length);
        const stream = pipeline(source).toReadableStream({ highWaterMark });
        const reader = stream.getReader();
        const items: number[] = [];
        for (let read = 0; ; read++) {
          await someTurns(2);
          // One pull more finds out that there is nothing left.
          const bound = Math.min(read + highWaterMark, length + 1);
          expect(source.pulled).toBeLessThanOrEqual(bound);
          if (read < length) expect(source.pulled).toBe(bound);
          if (read === reads) break;
          const step = await reader.read();
          if (step.done) break;
          items.push(step.value);
        }
        const expected = Array.from({ length }, (_, n) => n);
        expect(items).toEqual(expected.slice(0, reads));
        await reader.cancel();
        expect(source.released).toBe(source.opened);
        expect(source.returned).toBeLessThanOrEqual(1);
      }),
      { numRuns: 60 },
    );
  });

  it("reads nothing before it is read, unless told to", async () => {
    const source = countingSource(10);
    const flow = pipeline(source);
    const stream = flow.toReadableStream();
    expectTypeOf(stream).toEqualTypeOf<ReadableStream<number>>();
    await someTurns();
    expect(source.pulled).toBe(0);
    await stream.cancel();
    expect(source.opened).toBe(0);
    flow.toReadableStream({ highWaterMark: 3 });
    await someTurns();
    expect(source.pulled).toBe(3);
  });

  it("is cancelled with the reader's reason, also while it waits, and closes the source once", async () => {
    const reason = new Error("enough");
    for (const [stallAt, given] of [
      [1, reason],
      [9, reason],
      [1, undefined],
    ] as const) {
      const source = countingSource(10, { stallAt });
      const signals: AbortSignal[] = [];
      const flow = pipeline({
        ...source,
        open(context) {
          signals.push(context.signal);
          return source.open(context);
        },
      });
      const reader = flow.toReadableStream().getReader();
      await reader.read();
      const pending = stallAt === 1 ? reader.read() : undefined;
      await settles(reader.cancel(given), "cancel()");
      if (given === undefined) expect(signals[0]?.reason).toMatchObject({ code: "ABORTED" });
      else expect(signals[0]?.reason).toBe(reason);
      if (pending !== undefined) expect((await settles(pending, "read()")).done).toBe(true);
      expect(source).toMatchObject({ returned: 1, released: 1 });
    }
  });

  it("fails with the flow's failure, after the items before it", async () => {
    const cause = new Error("broken");
    const source = countingSource(5);
    const signals: AbortSignal[] = [];
    const failing = pipeline(source, async function* parse(numbers, { signal }) {
      signals.push(signal);
      for await (const n of numbers) {
        if (n === 1) throw cause;
        yield n;
      }
    });
    const reader = failing.toReadableStream().getReader();
    expect((await reader.read()).value).toBe(0);
    const message = 'stage "parse" failed: broken';
    await expect(reader.read()).rejects.toMatchObject({ message, cause });
    await expect(reader.closed).rejects.toMatchObject({ message });
    expect(signals[0]?.reason).toMatchObject({ message });
    expect(source.released).toBe(1);
  });

  it("is the body of a response", async () => {
    const flow = pipeline(fromItems(["Grüße, ", "", "Welt"])).pipe(async function* encode(texts) {
      for await (const part of texts) yield text.encode(part);
    });
    expect(await new Response(flow.toReadableStream()).text()).toBe("Grüße, Welt");
    const failing = pipeline(fromItems<string>([])).pipe(async function* encode() {
      yield text.encode("half");
      throw new Error("broken");
    });
    await expect(new Response(failing.toReadableStream()).text()).rejects.toThrow("broken");
  });

  it("goes through Readable.fromWeb, with back-pressure, and is closed with it", async () => {
    const source = countingSource(1_000);
    const readable = Readable.fromWeb(pipeline(source).toReadableStream(), {
      objectMode: true,
      highWaterMark: 2,
    });
    const taken: number[] = [];
    const walk = pipeStreams(readable, async (numbers: AsyncIterable<number>) => {
      for await (const n of numbers) {
        await someTurns(2);
        taken.push(n);
        // Two in the Readable, one in hand, one under way.
        expect(source.pulled - taken.length).toBeLessThanOrEqual(4);
        if (n === 20) break;
      }
    });
    await settles(walk, "the pass");
    await someTurns();
    expect(taken).toHaveLength(21);
    expect(source).toMatchObject({ returned: 1, released: 1 });
    const all = await Readable.fromWeb(pipeline(countingSource(50)).toReadableStream(), {
      objectMode: true,
    }).toArray();
    expect(all).toEqual(Array.from({ length: 50 }, (_, n) => n));
  });

  it.each([-1, 1.5, Number.POSITIVE_INFINITY])("refuses a highWaterMark of %s", (highWaterMark) => {
    expect(() => pipeline(fromItems([1])).toReadableStream({ highWaterMark })).toThrow(
      expect.objectContaining({
        code: "INVALID_OPTION",
        message: `toReadableStream: highWaterMark is ${highWaterMark}; give a whole number of 0 or more.`,
      }),
    );
  });
});
