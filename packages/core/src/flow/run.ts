import { Observable, ReplaySubject } from "rxjs";
import { MillraceError, wrapError } from "../errors.ts";
import { type Logger, silentLogger } from "../logger.ts";
import { abortable, guarded } from "./abortable.ts";
import { Acknowledgement } from "./acknowledgement.ts";
import type { ReadMeter, RunContext } from "./context.ts";
import type { BranchWatermark, Sink, SinkWriter, Source, Watermark } from "./contracts.ts";
import { openWriter, releaseWriter } from "./open-writer.ts";
import { type Progress, watchProgress } from "./progress.ts";
import type { RunEvent } from "./run-event.ts";

/** Options of {@link Flow.to}. */
export interface RunOptions {
  /** Aborts the run; `result` then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** @defaultValue says nothing */
  readonly logger?: Logger;
}

/** How far a run has come, in items and in the flow's unit (samples, say). */
export interface RunWatermark {
  /** Items accepted and durable, from the first one on. */
  readonly items: { readonly accepted: number; readonly durable: number };
  /** The same in units: the sum of the items' counts. */
  readonly units: {
    readonly written: number;
    readonly accepted: number;
    readonly durable: number;
  };
  /** Items accepted and durable in each sink of a {@link tee}; absent where there is one sink. */
  readonly branches?: readonly BranchWatermark[];
}

/** A flow on its way into a sink. Disposing of it aborts it. */
export interface Run<R> extends AsyncDisposable {
  /** The sink's result; rejects with the first failure, or with the reason of an abort. Reading it is optional. */
  readonly result: Promise<R>;
  /** What happens, origin by origin; replays the newest {@link EVENT_REPLAY} to a late subscriber and never errors. */
  readonly events$: Observable<RunEvent>;
  /** The state of affairs, at most ten times a second and once at the end; never errors. */
  readonly progress$: Observable<Progress>;
  /** What was accepted and what is durable; says the current state on subscription and never errors. */
  readonly watermark$: Observable<RunWatermark>;
  /** Stops the run; `result` rejects with `reason`. */
  abort(reason?: unknown): void;
}

/** Events that a late subscriber to `run.events$` still gets. */
export const EVENT_REPLAY = 1024;

/** Moves `source` into `sink`; see {@link Flow.to}, which is the usual way to call it. */
export function startRun<T, R>(
  source: Source<T>,
  sink: Sink<T, R>,
  options: RunOptions = {},
): Run<R> {
  const controller = new AbortController();
  const startedMs = performance.now();
  const elapsedMs = (): number => performance.now() - startedMs;
  const events$ = new ReplaySubject<RunEvent>(EVENT_REPLAY);
  const acknowledgement = new Acknowledgement(
    (event) => events$.next(event),
    sink.capabilities.durable,
  );
  const watermark$ = new ReplaySubject<RunWatermark>(1);
  watermark$.next(snapshot(acknowledgement));
  const meter: ReadMeter = { bytes: 0, bytesTotal: 0, origins: 0, originsTotal: 0 };
  const context: RunContext = {
    signal: controller.signal,
    logger: options.logger ?? silentLogger,
    meter,
    emit(event) {
      if (event.type === "origin-read") meter.origins += 1;
      events$.next(event);
      if (event.type === "origin-read") acknowledgement.originRead(event);
    },
  };

  const outer = options.signal;
  const onOuterAbort = (): void => controller.abort(outer?.reason);
  if (outer?.aborted) onOuterAbort();
  else outer?.addEventListener("abort", onOuterAbort, { once: true });

  const run = async (): Promise<R> => {
    // One turn later, so that the caller can subscribe before anything happens.
    await Promise.resolve();
    controller.signal.throwIfAborted();
    events$.next({ type: "run-start", source: source.name, sink: sink.name });
    return await move(source, sink, context, {
      wrote: (item) => acknowledgement.wrote(item),
      advanced({ accepted, durable, branches }) {
        acknowledgement.advance(accepted, durable);
        watermark$.next(snapshot(acknowledgement, branches));
      },
      lost: (error) => controller.abort(error),
    });
  };
  const result = run().then(
    (value) => {
      events$.next({ type: "run-done", elapsedMs: elapsedMs() });
      events$.complete();
      return value;
    },
    (error: unknown) => {
      // Whatever else is still busy on this run's behalf stops with the same reason.
      if (!controller.signal.aborted) controller.abort(error);
      events$.next({ type: "run-error", elapsedMs: elapsedMs(), error });
      events$.complete();
      throw error;
    },
  );
  // A failure that nobody reads must not end the process; events$ has said it.
  const ended = result
    .catch(() => {})
    .then(() => {
      outer?.removeEventListener("abort", onOuterAbort);
      watermark$.complete();
    });

  return {
    result,
    events$: events$.asObservable(),
    progress$: new Observable((subscriber) =>
      watchProgress(subscriber, { meter, acknowledgement, elapsedMs, ended }),
    ),
    watermark$: watermark$.asObservable(),
    abort(reason = new MillraceError("ABORTED", "The run was aborted.")) {
      controller.abort(reason);
    },
    async [Symbol.asyncDispose]() {
      controller.abort(new MillraceError("ABORTED", "The run was disposed of before its end."));
      await ended;
    },
  };
}

/** What the pump tells the run. */
interface PumpListener {
  /** An item is about to be handed to the sink. */
  wrote(item: unknown): void;
  /** The sink's watermark moved. */
  advanced(watermark: Watermark): void;
  /** The sink's watermark failed. */
  lost(error: MillraceError): void;
}

/** Opens both ends, pumps, closes or aborts the writer, and disposes of it once. */
async function move<T, R>(
  source: Source<T>,
  sink: Sink<T, R>,
  context: RunContext,
  listener: PumpListener,
): Promise<R> {
  const { signal } = context;
  const where = `sink "${sink.name}"`;
  const toldError = (error: unknown): unknown =>
    signal.aborted && error === signal.reason ? error : wrapError(error, where);
  const attempt = async <V>(call: () => PromiseLike<V>): Promise<V> => {
    try {
      signal.throwIfAborted();
      return await abortable(Promise.resolve(call()), signal);
    } catch (error) {
      throw toldError(error);
    }
  };

  let writer: SinkWriter<T, R>;
  try {
    writer = await openWriter(sink, context);
  } catch (error) {
    throw toldError(error);
  }
  const follow = writer.watermark$.subscribe({
    next: (watermark) => listener.advanced(watermark),
    error: (error: unknown) => listener.lost(wrapError(error, where)),
  });
  let value: R;
  try {
    for await (const item of guarded(
      () => source.open(context),
      `source "${source.name}"`,
      signal,
    )) {
      listener.wrote(item);
      await attempt(() => writer.write(item));
    }
    value = await attempt(() => writer.close());
  } catch (error) {
    await releaseWriter(writer, error);
    throw error;
  } finally {
    follow.unsubscribe();
  }
  await attempt(() => writer[Symbol.asyncDispose]());
  return value;
}

function snapshot(ledger: Acknowledgement, branches?: readonly BranchWatermark[]): RunWatermark {
  const { written, accepted, durable, acceptedItems, durableItems } = ledger;
  return {
    items: { accepted: acceptedItems, durable: durableItems },
    units: { written, accepted, durable },
    ...(branches === undefined ? {} : { branches }),
  };
}
