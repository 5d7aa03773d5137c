import { MillraceError, type RunContext, type SeriesBatch, type Sink } from "@millrace/core";
import { BehaviorSubject } from "rxjs";

/** What a {@link fileSink} writes into: drafts that become files at the end, or nothing at all. */
export interface FileTarget<R> {
  /** Takes what it needs of a batch; looks at `signal` before each piece of work. */
  write(batch: SeriesBatch, signal: AbortSignal): Promise<void>;
  /** Completes the files and gives them their names. */
  finish(signal: AbortSignal): Promise<R>;
  /** Removes what has no name yet; never rejects, may be called twice. */
  discard(): Promise<void>;
}

/**
 * A sink whose files appear, complete and on the disk, when it is closed, and not at all when it fails,
 * is aborted or crashes.
 *
 * It promises no durability on its watermark: before `close` nothing would survive a crash, and a mark
 * that comes once at the end serves no checkpoint, while a run would have to remember every batch until
 * then. Beside a database in a `tee` it so leaves the database's own mark visible.
 *
 * @param name - short noun of the sink
 * @param open - checks the target and makes it ready
 */
export function fileSink<R>(
  name: string,
  open: (context: RunContext) => Promise<FileTarget<R>>,
): Sink<SeriesBatch, R> {
  return {
    apiVersion: 1,
    name,
    capabilities: { durable: false, resume: false },
    async open(context) {
      context.signal.throwIfAborted();
      const target = await open(context);
      const watermark$ = new BehaviorSubject({ accepted: 0, durable: 0 });
      const stop = new AbortController();
      const signal = AbortSignal.any([context.signal, stop.signal]);
      let accepted = 0;
      let ended = false;
      let work: Promise<unknown> = Promise.resolve();
      const begin = <T>(call: () => Promise<T>): Promise<T> => {
        if (ended) throw closed(name);
        signal.throwIfAborted();
        const promise = call();
        work = promise.catch(() => {});
        return promise;
      };
      const end = async (reason: unknown): Promise<void> => {
        ended = true;
        stop.abort(reason);
        await work;
        await target.discard();
        watermark$.complete();
      };
      return {
        watermark$,
        async write(batch) {
          await begin(() => target.write(batch, signal));
          batch.release?.();
          watermark$.next({ accepted: ++accepted, durable: 0 });
        },
        async close() {
          const result = begin(() => target.finish(signal));
          ended = true;
          try {
            return await result;
          } catch (error) {
            await target.discard();
            throw error;
          } finally {
            watermark$.complete();
          }
        },
        abort: end,
        [Symbol.asyncDispose]: () => end(closed(name)),
      };
    },
  };
}

function closed(name: string): MillraceError {
  return new MillraceError("CLOSED", `${name}: the writer has ended; open another one.`);
}
