import { BehaviorSubject } from "rxjs";
import { type MillraceError, wrapError } from "../errors.ts";
import { abortable } from "./abortable.ts";
import type { Sink, SinkWriter, Watermark } from "./contracts.ts";
import { openWriter, releaseWriter } from "./open-writer.ts";
import { releaseItem } from "./release.ts";

/** How an {@link optional} sink ended: with its result, or with the failure that it was given up for. */
export type OptionalResult<R> =
  | { readonly ok: true; readonly value: R }
  | { readonly ok: false; readonly error: MillraceError };

/**
 * The same sink, but the run goes on without it once it fails: `tee(database, optional(page))` loads a
 * database to its end even where the page beside it cannot be written.
 *
 * Its failure is said at once as a `warning` event, and its result holds it; later items are released
 * unread. A failure to open still ends the run, because nothing has been read yet. Every item counts as
 * accepted and none as durable, so that in a `tee` the other sinks' word alone counts; how far it has
 * really come stands in the watermark's `branches`.
 *
 * @example
 * ```ts
 * import { discard, fromItems, optional, pipeline, tee } from "@millrace/core";
 *
 * const beside = optional(discard<string>());
 * const [main, extra] = await pipeline(fromItems(["a"])).to(tee(discard(), beside)).result;
 * console.log(main.items, extra.ok); // 1 true
 * ```
 */
export function optional<T, R>(sink: Sink<T, R>): Sink<T, OptionalResult<R>> {
  return {
    apiVersion: 1,
    name: sink.name,
    capabilities: { durable: false, resume: false },
    async open(context) {
      const writer = await openWriter(sink, context);
      return optionalWriter(sink.name, writer, context.signal, (error) => {
        const reason = error instanceof Error ? error.message : String(error);
        const message = `The run goes on without sink "${sink.name}": ${reason}`;
        context.emit({ type: "warning", message, details: { sink: sink.name } });
        return wrapError(error, `sink "${sink.name}"`);
      });
    },
  };
}

/** @param told - says a failure to whoever listens, and returns it under the sink's name */
function optionalWriter<T, R>(
  name: string,
  writer: SinkWriter<T, R>,
  signal: AbortSignal,
  told: (error: unknown) => MillraceError,
): SinkWriter<T, OptionalResult<R>> {
  let accepted = 0;
  let inner: Watermark = { accepted: 0, durable: 0 };
  const mark = (): Watermark => {
    const own = { sink: name, accepted: inner.accepted, durable: inner.durable };
    return { accepted, durable: 0, branches: inner.branches ?? [own] };
  };
  const watermark$ = new BehaviorSubject(mark());
  const gone = new AbortController();
  let release: Promise<void> | undefined;
  const letGo = (reason: unknown): Promise<void> => {
    release ??= releaseWriter(writer, reason);
    return release;
  };
  const fail = async (error: unknown): Promise<void> => {
    if (!gone.signal.aborted) gone.abort(told(error));
    await letGo(gone.signal.reason);
  };
  /** Undefined where the writer has failed; a pending call ends with a failure of the watermark, too. */
  const attempt = async <V>(call: () => PromiseLike<V>): Promise<V | undefined> => {
    try {
      return await abortable(Promise.resolve(call()), gone.signal);
    } catch (error) {
      // An abort of the run is no failure of the sink.
      if (signal.aborted) throw error;
      await fail(error);
      return undefined;
    }
  };
  const follow = writer.watermark$.subscribe({
    next(said) {
      inner = said;
      watermark$.next(mark());
    },
    error: (error: unknown) => void fail(error),
  });
  return {
    watermark$,
    async write(item) {
      if (gone.signal.aborted) releaseItem(item);
      else await attempt(() => writer.write(item));
      accepted += 1;
      watermark$.next(mark());
    },
    async close() {
      const value = gone.signal.aborted ? undefined : await attempt(() => writer.close());
      watermark$.complete();
      return gone.signal.aborted
        ? { ok: false, error: gone.signal.reason as MillraceError }
        : { ok: true, value: value as R };
    },
    async abort(reason) {
      await letGo(reason);
      watermark$.complete();
    },
    async [Symbol.asyncDispose]() {
      follow.unsubscribe();
      watermark$.complete();
      await (release ?? attempt(() => writer[Symbol.asyncDispose]()));
    },
  };
}
