import type { Observable } from "rxjs";
import { guarded } from "./abortable.ts";
import type { RunContext } from "./context.ts";
import type { Sink, Source, Stage } from "./contracts.ts";
import { detachedContext } from "./detached-context.ts";
import { observe } from "./observe.ts";
import { type Run, type RunOptions, startRun } from "./run.ts";
import { type ReadableStreamOptions, toReadableStream } from "./to-readable-stream.ts";

/**
 * A source and the stages behind it; lazy until pulled or sent somewhere.
 *
 * A flow is itself a {@link Source}, so flows compose.
 */
export interface Flow<T> extends Source<T>, AsyncIterable<T> {
  /** The same flow with one more stage. */
  pipe<O>(stage: Stage<T, O>): Flow<O>;
  /** Starts at once to move everything into `sink`. */
  to<R>(sink: Sink<T, R>, options?: RunOptions): Run<R>;
  /**
   * The flow as a cold Observable, for what comes behind it to be RxJS: each subscription is a pass of
   * its own, and the next item is pulled as soon as the subscriber's `next` has returned.
   *
   * That is all the back-pressure there is: an operator that keeps items for later (`mergeMap` to a
   * promise, `delay`) reads the whole flow ahead. Work that takes time belongs in front of it, in
   * {@link mergePull}. Unsubscribing aborts the pass and closes the source; a failure goes to `error`.
   *
   * @example
   * ```ts
   * import { fromItems, pipeline } from "@millrace/core";
   * import { firstValueFrom } from "rxjs";
   *
   * const flow = pipeline(fromItems(["a", "b", "c"]));
   * console.log(await firstValueFrom(flow.observe())); // a
   * ```
   */
  observe(): Observable<T>;
  /**
   * The flow as a web stream, for what takes one: a `Response`, `Readable.fromWeb`, `pipeThrough`. An item
   * is pulled when the stream is read, and up to `highWaterMark` of them before.
   *
   * Cancelling aborts the pass with the reason and closes the source; a failure is the stream's failure.
   * A body of a response wants bytes: let the last stage yield `Uint8Array`.
   *
   * @throws MillraceError INVALID_OPTION when highWaterMark is no whole number
   * @example
   * ```ts
   * import { fromItems, pipeline, rx } from "@millrace/core";
   * import { map } from "rxjs";
   *
   * const lines = pipeline(fromItems(["a", "b"]), rx(map((line: string) => `${line}\n`)));
   * const body = lines.toReadableStream().pipeThrough(new TextEncoderStream());
   * console.log(await new Response(body).text()); // two lines: a, b
   * ```
   */
  toReadableStream(options?: ReadableStreamOptions): ReadableStream<T>;
}

/**
 * Puts stages behind a source. Nothing is read until the flow is iterated or sent to a sink.
 *
 * @example
 * ```ts
 * import { discard, fromItems, pipeline } from "@millrace/core";
 *
 * const run = pipeline(fromItems(["a", "b"])).to(discard());
 * const { items } = await run.result; // 2
 * ```
 */
export function pipeline<A>(source: Source<A>): Flow<A>;
export function pipeline<A, B>(source: Source<A>, first: Stage<A, B>): Flow<B>;
export function pipeline<A, B, C>(
  source: Source<A>,
  first: Stage<A, B>,
  second: Stage<B, C>,
): Flow<C>;
export function pipeline<A, B, C, D>(
  source: Source<A>,
  first: Stage<A, B>,
  second: Stage<B, C>,
  third: Stage<C, D>,
): Flow<D>;
export function pipeline<A, B, C, D, E>(
  source: Source<A>,
  first: Stage<A, B>,
  second: Stage<B, C>,
  third: Stage<C, D>,
  fourth: Stage<D, E>,
): Flow<E>;
export function pipeline(
  source: Source<unknown>,
  ...stages: readonly Stage<unknown, unknown>[]
): Flow<unknown> {
  return createFlow(source, stages);
}

function createFlow<T>(
  source: Source<unknown>,
  stages: readonly Stage<unknown, unknown>[],
): Flow<T> {
  const open = (context: RunContext): AsyncIterable<T> => {
    const { signal } = context;
    let items = guarded(() => source.open(context), `source "${source.name}"`, signal);
    for (const stage of stages) {
      const input = items;
      const where = `stage "${stage.name || "anonymous"}"`;
      items = guarded(() => stage(input, context), where, signal);
    }
    return items as AsyncIterable<T>;
  };
  const flow: Flow<T> = {
    apiVersion: 1,
    name: source.name,
    open,
    pipe: <O>(stage: Stage<T, O>) =>
      createFlow<O>(source, [...stages, stage as Stage<unknown, unknown>]),
    to: (sink, options) => startRun(flow, sink, options),
    observe: () => observe(flow),
    toReadableStream: (options) => toReadableStream(flow, options),
    // Nobody aborts a walk by hand: it is broken off.
    [Symbol.asyncIterator]: () =>
      open(detachedContext(new AbortController().signal))[Symbol.asyncIterator](),
  };
  return flow;
}
