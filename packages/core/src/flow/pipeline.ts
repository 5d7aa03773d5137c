import { silentLogger } from "../logger.ts";
import { guarded } from "./abortable.ts";
import type { RunContext } from "./context.ts";
import type { Sink, Source, Stage } from "./contracts.ts";
import { type Run, type RunOptions, startRun } from "./run.ts";

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
    [Symbol.asyncIterator]: () => open(detachedContext())[Symbol.asyncIterator](),
  };
  return flow;
}

/** The context of a flow that is iterated by hand: nobody listens to its events, nobody aborts it. */
function detachedContext(): RunContext {
  return {
    signal: new AbortController().signal,
    logger: silentLogger,
    meter: { bytes: 0, bytesTotal: 0, origins: 0, originsTotal: 0 },
    emit: () => {},
  };
}
