import { from, type Observable, Subject, takeUntil } from "rxjs";
import { MillraceError } from "../errors.ts";
import type { RunContext } from "./context.ts";
import type { FromPushOptions } from "./from-push.ts";
import { releaseItem } from "./release.ts";

/** Someone who waits for the next item. */
interface Waiting<T> {
  resolve(result: IteratorResult<T>): void;
  reject(error: unknown): void;
}

/** One pass of {@link fromPush}: a subscription, and the items between it and the consumer. */
export class PushPass<T> implements AsyncIterableIterator<T> {
  readonly #stream$: Observable<T>;
  readonly #options: Required<FromPushOptions>;
  readonly #context: RunContext;
  readonly #onDrop: () => void;
  readonly #stop$ = new Subject<void>();
  /** Empty while someone waits. */
  readonly #buffer: T[] = [];
  readonly #waiting: Waiting<T>[] = [];
  #state: "new" | "open" | "ended" = "new";
  #failure: { readonly error: unknown } | undefined;
  #received = 0;
  #dropped = 0;

  constructor(
    stream$: Observable<T>,
    options: Required<FromPushOptions>,
    context: RunContext,
    onDrop: () => void,
  ) {
    this.#stream$ = stream$;
    this.#options = options;
    this.#context = context;
    this.#onDrop = onDrop;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<T>> {
    this.#context.signal.throwIfAborted();
    if (this.#buffer.length > 0) return { done: false, value: this.#buffer.shift() as T };
    if (this.#state === "ended") return await this.#last();
    const item = new Promise<IteratorResult<T>>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
    if (this.#state === "new") this.#subscribe();
    return await item;
  }

  async return(): Promise<IteratorResult<T>> {
    this.#letGo();
    return { done: true, value: undefined };
  }

  #subscribe(): void {
    this.#state = "open";
    this.#context.signal.addEventListener("abort", this.#onAbort, { once: true });
    // An Observable may push everything before subscribe() returns; only the notifier can stop it then.
    from(this.#stream$)
      .pipe(takeUntil(this.#stop$))
      .subscribe({
        next: (item) => this.#push(item),
        error: (error: unknown) => this.#end({ error }),
        complete: () => this.#end(),
      });
  }

  #push(item: T): void {
    this.#received += 1;
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) {
      waiting.resolve({ done: false, value: item });
      return;
    }
    const { capacity, overflow } = this.#options;
    const full = this.#buffer.length >= capacity;
    if (full && overflow === "error") {
      releaseItem(item);
      this.#end({ error: this.#overflow() });
      return;
    }
    if (!full || overflow === "drop-oldest") this.#buffer.push(item);
    if (full) this.#drop(overflow === "drop-oldest" ? this.#buffer.shift() : item);
  }

  #drop(item: unknown): void {
    releaseItem(item);
    this.#dropped += 1;
    this.#onDrop();
    if (this.#dropped === 1) this.#warn("drops items: the flow is slower than the stream.");
  }

  #warn(what: string): void {
    const { name, capacity, overflow } = this.#options;
    const details = { source: name, capacity, overflow, dropped: this.#dropped };
    this.#context.emit({ type: "warning", message: `Source "${name}" ${what}`, details });
  }

  #overflow(): MillraceError {
    const { name, capacity } = this.#options;
    return new MillraceError(
      "OVERFLOW",
      `Source "${name}" was pushed more than it may hold: ${capacity} items wait for the flow. Give fromPush a larger capacity, or let it drop (overflow: "drop-oldest" or "drop-newest").`,
      { details: { source: name, capacity } },
    );
  }

  /** The stream is over; what it left in the buffer is still to come. */
  #end(failure?: { readonly error: unknown }): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#failure = failure;
    this.#context.signal.removeEventListener("abort", this.#onAbort);
    this.#stop$.next();
    if (this.#dropped > 1) this.#warn(`dropped ${this.#dropped} of ${this.#received} items.`);
    for (const { resolve, reject } of this.#waiting.splice(0)) this.#last().then(resolve, reject);
  }

  /** Nobody wants the rest. */
  #letGo(failure?: { readonly error: unknown }): void {
    this.#end(failure);
    for (const item of this.#buffer.splice(0)) releaseItem(item);
  }

  /** The failure is said once, as a generator does. */
  async #last(): Promise<IteratorResult<T>> {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure.error;
    return { done: true, value: undefined };
  }

  readonly #onAbort = (): void => this.#letGo({ error: this.#context.signal.reason });
}
