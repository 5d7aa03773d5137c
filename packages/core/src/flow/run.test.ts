import { spawnSync } from "node:child_process";
import { firstValueFrom, lastValueFrom, Subject, toArray } from "rxjs";
import { describe, expect, it } from "vitest";
import { MillraceError } from "../errors.ts";
import { countingSource } from "../testing/counting-source.ts";
import { memorySink } from "../testing/memory-sink.ts";
import { settles, someTurns } from "../testing/settles.ts";
import type { RunContext } from "./context.ts";
import type { Sink, SinkWriter, Source, Watermark } from "./contracts.ts";
import { discard } from "./discard.ts";
import { fromItems } from "./from-items.ts";
import { pipeline } from "./pipeline.ts";
import { EVENT_REPLAY } from "./run.ts";
import type { RunEvent } from "./run-event.ts";

const reason = new Error("enough");
const never = (): Promise<never> => new Promise(() => {});

/** A discarding sink that writes down what is called, with single members replaced. */
function watchedSink(
  parts: Partial<SinkWriter<number, unknown>> = {},
  open: () => Promise<unknown> = async () => {},
) {
  const calls: string[] = [];
  const sink: Sink<number, unknown> = {
    ...discard<number>(),
    name: "watched",
    async open(context) {
      calls.push("open");
      await open();
      const writer: SinkWriter<number, unknown> = {
        ...(await discard<number>().open(context)),
        ...parts,
      };
      return {
        watermark$: writer.watermark$,
        write(item) {
          calls.push(`write ${item}`);
          return writer.write(item);
        },
        close() {
          calls.push("close");
          return writer.close();
        },
        abort(why) {
          calls.push(`abort ${why instanceof Error ? why.message : String(why)}`);
          return writer.abort(why);
        },
        [Symbol.asyncDispose]() {
          calls.push("dispose");
          return writer[Symbol.asyncDispose]();
        },
      };
    },
  };
  return { sink, calls };
}

/** A source whose pass the test writes. */
function sourceOf<T>(name: string, open: (context: RunContext) => AsyncIterable<T>): Source<T> {
  return { apiVersion: 1, name, open };
}

const originRead = (origin: string, count: number): RunEvent => ({
  type: "origin-read",
  origin,
  outcome: "ok",
  count,
  filtered: 0,
  problems: [],
});

describe("startRun", () => {
  it("starts at once, calls in order and disposes of the writer once", async () => {
    const { sink, calls } = watchedSink();
    const run = pipeline(fromItems([1, 2])).to(sink);
    await someTurns();
    expect(calls).toEqual(["open", "write 1", "write 2", "close", "dispose"]);
    expect(await run.result).toEqual({ items: 2, units: 2 });
  });

  it("ends well without a single item", async () => {
    const { sink, calls } = watchedSink();
    expect(await pipeline(fromItems<number>([])).to(sink).result).toEqual({ items: 0, units: 0 });
    expect(calls).toEqual(["open", "close", "dispose"]);
  });

  it("pulls nothing while the sink is busy, and never overlaps two writes", async () => {
    const source = countingSource(20);
    let writing = 0;
    let written = 0;
    const run = pipeline(source).to(
      watchedSink({
        async write() {
          writing += 1;
          expect(writing, "writes at once").toBe(1);
          await someTurns();
          written += 1;
          expect(source.pulled, "items pulled").toBe(written);
          writing -= 1;
        },
      }).sink,
    );
    await run.result;
    expect(written).toBe(20);
  });

  describe("failures", () => {
    const broken = (): Promise<never> => Promise.reject(new Error("broken"));
    const wrapped = { code: "INTERNAL", message: 'sink "watched" failed: broken' };

    it.each<[string, ReturnType<typeof watchedSink>, readonly string[]]>([
      ["open()", watchedSink({}, broken), ["open"]],
      ["write()", watchedSink({ write: broken }), ["open", "write 0", "abort", "dispose"]],
      [
        "close()",
        watchedSink({ close: broken }),
        ["open", "write 0", "write 1", "close", "abort", "dispose"],
      ],
      [
        "disposal",
        watchedSink({ [Symbol.asyncDispose]: broken }),
        ["open", "write 0", "write 1", "close", "dispose"],
      ],
    ])(
      "of %s ends the run, wrapped once under the sink's name",
      async (_, { sink, calls }, order) => {
        const source = countingSource(2);
        const run = pipeline(source).to(sink);
        await expect(run.result).rejects.toMatchObject(wrapped);
        await expect(run.result).rejects.toHaveProperty("cause.message", "broken");
        expect(calls.map((call) => call.replace(/^abort .*/, "abort"))).toEqual(order);
        expect(source.released).toBe(source.opened);
      },
    );

    it("of the source ends the run and lets the sink go", async () => {
      const { sink, calls } = watchedSink();
      const source = sourceOf("zip", async function* () {
        yield 1;
        throw new Error("bad CRC");
      });
      const run = pipeline(source).to(sink);
      await expect(run.result).rejects.toMatchObject({ message: 'source "zip" failed: bad CRC' });
      expect(calls).toEqual(["open", "write 1", 'abort source "zip" failed: bad CRC', "dispose"]);
    });

    it("thrown when a source is opened does not leak the writer", async () => {
      const { sink, calls } = watchedSink();
      const source = sourceOf<number>("zip", () => {
        throw new Error("no such file");
      });
      const run = pipeline(source).to(sink);
      await expect(run.result).rejects.toMatchObject({
        message: 'source "zip" failed: no such file',
      });
      expect(calls).toEqual(["open", 'abort source "zip" failed: no such file', "dispose"]);
    });

    it("keeps the first one when letting go fails too", async () => {
      const { sink } = watchedSink({
        write: broken,
        abort: () => Promise.reject(new Error("second")),
        [Symbol.asyncDispose]: () => Promise.reject(new Error("third")),
      });
      await expect(pipeline(fromItems([1])).to(sink).result).rejects.toMatchObject(wrapped);
    });

    it("passes a MillraceError on as it is", async () => {
      const error = new MillraceError("SINK_REJECTED", "The database said no.");
      const { sink } = watchedSink({ write: () => Promise.reject(error) });
      await expect(pipeline(fromItems([1])).to(sink).result).rejects.toBe(error);
    });

    it("of a watermark ends the run instead of the process", async () => {
      const mark$ = new Subject<Watermark>();
      const { sink, calls } = watchedSink({
        watermark$: mark$,
        write() {
          mark$.error(new Error("broken"));
          return never();
        },
      });
      const run = pipeline(fromItems([1])).to(sink);
      await expect(settles(run.result, "run.result")).rejects.toMatchObject(wrapped);
      expect(calls.at(-1)).toBe("dispose");
    });

    it("aborts the signal that the plugins got", async () => {
      let signal: AbortSignal | undefined;
      const source = sourceOf("watching", async function* (context) {
        signal = context.signal;
        yield 1;
      });
      const run = pipeline(source).to(watchedSink({ write: broken }).sink);
      const error = await run.result.catch((failure: unknown) => failure);
      expect(signal?.aborted).toBe(true);
      expect(signal?.reason).toBe(error);
    });

    it("does not end the process when nobody reads the result", () => {
      const module = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);
      const script = `
        import { pipeline } from ${module("./pipeline.ts")};
        import { discard } from ${module("./discard.ts")};
        import { fromItems } from ${module("./from-items.ts")};
        const fail = () => { throw new Error("nobody reads this"); };
        pipeline(fromItems([1]), fail).to(discard());
        const aborted = pipeline(fromItems([1])).to(discard());
        aborted.abort(new Error("nor this"));
        setTimeout(() => console.log("still here"), 20);
      `;
      const args = ["--input-type=module", "--no-warnings", "--eval", script];
      const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
      expect(stderr).toBe("");
      expect(stdout.trim()).toBe("still here");
      expect(status).toBe(0);
    });
  });

  describe("aborts", () => {
    const stuckSource = sourceOf<number>("stuck", () => ({
      [Symbol.asyncIterator]: () => ({ next: never }),
    }));

    it.each<[string, Source<number>, ReturnType<typeof watchedSink>]>([
      ["open()", fromItems([1]), watchedSink({}, never)],
      ["next()", stuckSource, watchedSink()],
      ["write()", fromItems([1]), watchedSink({ write: never })],
      ["close()", fromItems([1]), watchedSink({ close: never })],
      ["disposal", fromItems([1]), watchedSink({ [Symbol.asyncDispose]: never })],
    ])("rejects with the reason itself while %s never settles", async (what, source, watched) => {
      const run = pipeline(source).to(watched.sink);
      await someTurns();
      run.abort(reason);
      await expect(settles(run.result, "run.result")).rejects.toBe(reason);
      if (what === "open()" || what === "disposal") return;
      expect(watched.calls.slice(-2)).toEqual(["abort enough", "dispose"]);
    });

    it("lets go of a writer that arrives too late", async () => {
      let arrive = (): void => {};
      const late = new Promise<void>((resolve) => {
        arrive = resolve;
      });
      const { sink, calls } = watchedSink({}, () => late);
      const run = pipeline(fromItems([1])).to(sink);
      await someTurns();
      run.abort(reason);
      await expect(run.result).rejects.toBe(reason);
      arrive();
      await someTurns();
      expect(calls).toEqual(["open", "abort enough", "dispose"]);
    });

    it("follow a signal from outside, also one that aborted before", async () => {
      const abort = new AbortController();
      const run = pipeline(stuckSource).to(discard(), { signal: abort.signal });
      await someTurns();
      abort.abort(reason);
      await expect(settles(run.result, "run.result")).rejects.toBe(reason);

      const { sink, calls } = watchedSink();
      const signal = AbortSignal.abort(reason);
      const late = pipeline(fromItems([1])).to(sink, { signal });
      await expect(late.result).rejects.toBe(reason);
      expect(calls).toEqual([]);
    });

    it("have a reason of their own when none is given", async () => {
      const run = pipeline(stuckSource).to(discard());
      run.abort();
      await expect(run.result).rejects.toMatchObject({ code: "ABORTED" });
    });

    it("come with disposal, which waits for the end", async () => {
      const { sink, calls } = watchedSink();
      const run = pipeline(stuckSource).to(sink);
      await someTurns();
      await run[Symbol.asyncDispose]();
      expect(calls.at(-1)).toBe("dispose");
      await expect(run.result).rejects.toMatchObject({ code: "ABORTED" });
    });

    it("and disposal after the end change nothing", async () => {
      const run = pipeline(fromItems([1])).to(discard());
      const result = await run.result;
      run.abort(reason);
      await run[Symbol.asyncDispose]();
      expect(await run.result).toBe(result);
    });

    it("write nothing more", async () => {
      const abort = new AbortController();
      const { sink, calls } = watchedSink();
      const run = pipeline(fromItems([1, 2, 3]), async function* abortAtTwo(input) {
        for await (const n of input) {
          if (n === 2) abort.abort(reason);
          yield n;
        }
      }).to(sink, { signal: abort.signal });
      await expect(run.result).rejects.toBe(reason);
      expect(calls).toEqual(["open", "write 1", "abort enough", "dispose"]);
    });
  });

  describe("events$", () => {
    const speaking = (last: RunEvent): Source<number> =>
      sourceOf("speaking", async function* ({ emit, signal }) {
        signal.addEventListener("abort", () => emit({ type: "warning", message: "on abort" }));
        yield 1;
        emit(last);
      });

    it("begins with run-start, ends with run-done, and replays both to a late subscriber", async () => {
      const run = pipeline(speaking(originRead("a", 0))).to(discard());
      const early = lastValueFrom(run.events$.pipe(toArray()));
      await run.result;
      const late = await lastValueFrom(run.events$.pipe(toArray()));
      expect(late).toEqual(await early);
      expect(late).toEqual([
        { type: "run-start", source: "speaking", sink: "discard" },
        originRead("a", 0),
        { type: "origin-accept", origin: "a", count: 0 },
        { type: "run-done", elapsedMs: expect.any(Number) },
      ]);
    });

    it("ends with run-error, whatever plugins say afterwards", async () => {
      let context: RunContext | undefined;
      const source = sourceOf("late", async function* (given) {
        context = given;
        yield 1;
        throw reason;
      });
      const run = pipeline(source).to(discard());
      run.result.catch(() => context?.emit({ type: "warning", message: "too late" }));
      const events = await lastValueFrom(run.events$.pipe(toArray()));
      const error = await run.result.catch((failure: unknown) => failure);
      context?.emit({ type: "warning", message: "much too late" });
      expect(events.map(({ type }) => type)).toEqual(["run-start", "run-error"]);
      expect(events.at(-1)).toMatchObject({ error });
      expect(await lastValueFrom(run.events$.pipe(toArray()))).toEqual(events);
    });

    it("keeps the newest events", async () => {
      const source = sourceOf("chatty", async function* ({ emit }) {
        for (let i = 0; i < EVENT_REPLAY + 10; i++) emit({ type: "test:chat", data: { i } });
        yield 1;
      });
      const run = pipeline(source).to(discard());
      await run.result;
      const events = await lastValueFrom(run.events$.pipe(toArray()));
      expect(events).toHaveLength(EVENT_REPLAY);
      expect(events.at(-1)?.type).toBe("run-done");
    });

    it("tells when an origin is accepted and when it is durable", async () => {
      const item = { origins: [{ origin: "a", count: 5 }] };
      const source = sourceOf("originated", async function* ({ emit }) {
        yield item;
        emit(originRead("a", 10));
        yield item;
      });
      const run = pipeline(source).to(memorySink({ durable: true }));
      const events = await lastValueFrom(run.events$.pipe(toArray()));
      expect(events.map(({ type }) => type)).toEqual([
        "run-start",
        "origin-read",
        "origin-accept",
        "origin-durable",
        "run-done",
      ]);
    });
  });

  describe("progress$ and watermark$", () => {
    const metered = sourceOf("metered", async function* ({ meter, emit }) {
      meter.bytesTotal = 100;
      meter.originsTotal = 2;
      for (const origin of ["a", "b"]) {
        meter.bytes += 50;
        yield { origins: [{ origin, count: 3 }] };
        emit(originRead(origin, 3));
      }
    });

    it("ends with the final state, also for a late subscriber", async () => {
      const run = pipeline(metered).to(memorySink({ durable: true }));
      const early = lastValueFrom(run.progress$);
      await run.result;
      const expected = {
        bytes: { read: 100, total: 100 },
        origins: { read: 2, total: 2 },
        units: { written: 6, accepted: 6, durable: 6 },
        etaMs: 0,
      };
      expect(await early).toMatchObject(expected);
      expect(await lastValueFrom(run.progress$)).toMatchObject(expected);
    });

    it("says the state at once, and nothing after an unsubscription", async () => {
      const run = pipeline(
        sourceOf("stuck", () => ({
          [Symbol.asyncIterator]: () => ({ next: never }),
        })),
      ).to(discard());
      const first = await firstValueFrom(run.progress$);
      expect(first).toMatchObject({ units: { written: 0, accepted: 0, durable: 0 } });
      expect(first.etaMs).toBeUndefined();
      let values = 0;
      const subscription = run.progress$.subscribe(() => {
        values += 1;
      });
      subscription.unsubscribe();
      run.abort();
      await run.result.catch(() => {});
      await someTurns();
      expect(values).toBe(1);
    });

    it("completes without an error when the run fails", async () => {
      const run = pipeline(fromItems([1])).to(
        watchedSink({ write: () => Promise.reject(reason) }).sink,
      );
      await lastValueFrom(run.progress$);
      await lastValueFrom(run.watermark$);
      await expect(run.result).rejects.toThrow("enough");
    });

    it("counts items and units, and says the last state to a late subscriber", async () => {
      const run = pipeline(metered).to(memorySink({ durable: true }));
      const all = lastValueFrom(run.watermark$.pipe(toArray()));
      await run.result;
      const last = {
        items: { accepted: 2, durable: 2 },
        units: { written: 6, accepted: 6, durable: 6 },
      };
      expect((await all).at(-1)).toEqual(last);
      expect((await all)[0]?.items).toEqual({ accepted: 0, durable: 0 });
      expect(await lastValueFrom(run.watermark$)).toEqual(last);
    });

    it("never goes back, and never beyond what was written, whatever the sink says", async () => {
      const mark$ = new Subject<Watermark>();
      const { sink } = watchedSink({
        watermark$: mark$,
        async write(n) {
          mark$.next({ accepted: n === 1 ? 0 : n + 5, durable: 3 });
        },
      });
      const run = pipeline(fromItems([0, 1, 2])).to(sink);
      const seen = await lastValueFrom(run.watermark$.pipe(toArray()));
      expect(seen.map(({ items }) => items.accepted)).toEqual([0, 1, 1, 3]);
      expect(seen.every(({ items }) => items.durable === 0)).toBe(true);
    });
  });
});
