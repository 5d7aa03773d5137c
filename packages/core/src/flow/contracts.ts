import type { Observable } from "rxjs";
import type { RunContext } from "./context.ts";

/**
 * Where a flow begins: cold, restartable and pulled.
 *
 * Nothing is read before the first `next()`; one `next()` is one credit, so a slow consumer stops the
 * reading. Each `open` starts a fresh pass.
 */
export interface Source<T> {
  /** Version of this contract. */
  readonly apiVersion: 1;
  /** Short noun for messages and reports. */
  readonly name: string;
  /**
   * Starts one pass.
   *
   * Releases what it holds when the iterator's `return()` is called, and rejects with
   * `context.signal.reason` once aborted.
   */
  open(context: RunContext): AsyncIterable<T>;
}

/** A lazy transformation. Pulls its input only when pulled, and stops pulling when its consumer stops. */
export type Stage<I, O> = (input: AsyncIterable<I>, context: RunContext) => AsyncIterable<O>;

/** What a sink can promise, as data. */
export interface SinkCapabilities {
  /** Accepted items will be reported durable: they then survive a crash of whatever holds them. */
  readonly durable: boolean;
  /** A second run may go on where a first one stopped. */
  readonly resume: boolean;
}

/** Where a flow ends. */
export interface Sink<T, R = void> {
  /** Version of this contract. */
  readonly apiVersion: 1;
  /** Short noun for messages and reports. */
  readonly name: string;
  readonly capabilities: SinkCapabilities;
  /** Opens one writer; checks what can be checked before the first item (address, version, permissions). */
  open(context: RunContext): Promise<SinkWriter<T, R>>;
}

/**
 * How far a sink has come, counted in items in the order of `write`.
 *
 * `accepted = n` says: the first n items are in the sink's hands and it answers for them.
 * `durable = n` says: the first n items survive a crash. Both only grow, and `durable <= accepted`.
 */
export interface Watermark {
  readonly accepted: number;
  readonly durable: number;
  /** How far each sink of a {@link tee} has come; absent where there is one sink. */
  readonly branches?: readonly BranchWatermark[];
}

/** How far one sink of several has come; counted like a {@link Watermark}. */
export interface BranchWatermark {
  /** Name of the sink. Two may bear the same; their order is that of the arguments of {@link tee}. */
  readonly sink: string;
  readonly accepted: number;
  readonly durable: number;
}

/** One pass into a sink. Calls to `write` are serial: the next one comes after the last one settled. */
export interface SinkWriter<T, R = void> extends AsyncDisposable {
  /** Takes one item. Settles when the next item may come: this is the back-pressure. */
  write(item: T): Promise<void>;
  /** Says the current watermark on subscription and every later one; completes when the writer ends. */
  readonly watermark$: Observable<Watermark>;
  /** Commits. When it settles, every written item is accepted, and durable where the sink can promise that. */
  close(): Promise<R>;
  /** Gives up and lets go of everything; never rejects, may be called at any time and twice. */
  abort(reason: unknown): Promise<void>;
}
