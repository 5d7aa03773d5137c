import { Observable, type OperatorFunction, type Subscriber, type Subscription } from "rxjs";
import { MillraceError } from "../errors.ts";

/**
 * Operators between a hand that pushes and one that collects: each notification returns what came out
 * of the other end before it was over.
 */
export class OperatorChain {
  readonly #operators: readonly OperatorFunction<unknown, unknown>[];
  readonly #ended = new AbortController();
  #failure: { readonly error: unknown } | undefined;
  #input: Subscriber<unknown> | undefined;
  #subscription: Subscription | undefined;
  #sending = false;
  #outputs: unknown[] = [];

  constructor(operators: readonly OperatorFunction<unknown, unknown>[]) {
    this.#operators = operators;
  }

  /** Aborted once the operators have completed or failed: then nothing more comes out. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** Subscribes; some operators have something to say before any input (`startWith`). */
  start(): readonly unknown[] {
    return this.#send(() => {
      const input$ = new Observable<unknown>((subscriber) => {
        // Neither fed nor ended: `retry` and `repeat` would only subscribe again.
        if (this.#input === undefined) this.#input = subscriber;
        else this.#end({ error: subscribedTwice() });
      });
      const output$ = this.#operators.reduce((source$, operator) => operator(source$), input$);
      this.#subscription = output$.subscribe({
        next: (output) => {
          if (this.#sending) this.#outputs.push(output);
          else this.#end({ error: outputTooLate() });
        },
        error: (error: unknown) => this.#end({ error }),
        complete: () => this.#end(),
      });
    });
  }

  next(item: unknown): readonly unknown[] {
    return this.#send(() => this.#input?.next(item));
  }

  complete(): readonly unknown[] {
    return this.#sendLast(() => this.#input?.complete());
  }

  error(error: unknown): readonly unknown[] {
    return this.#sendLast(() => this.#input?.error(error));
  }

  /** Throws what the operators have failed with, if they have. */
  throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Unsubscribes; whatever comes out later is nobody's business any more. */
  close(): void {
    this.#end();
    this.#subscription?.unsubscribe();
  }

  #send(notify: () => void): readonly unknown[] {
    this.#outputs = [];
    this.#sending = true;
    try {
      notify();
    } finally {
      this.#sending = false;
    }
    return this.#outputs;
  }

  /** After the input's own end an operator that has not ended is waiting for something. */
  #sendLast(notify: () => void): readonly unknown[] {
    const outputs = this.#send(notify);
    if (!this.#ended.signal.aborted) this.#end({ error: outputTooLate() });
    return outputs;
  }

  #end(failure?: { readonly error: unknown }): void {
    if (this.#ended.signal.aborted) return;
    this.#failure = failure;
    this.#ended.abort();
  }
}

function outputTooLate(): MillraceError {
  return new MillraceError(
    "UNSUPPORTED",
    "rx: an operator holds its output back for later (delay, debounceTime, mergeMap to a promise). rx takes synchronous operators only; use mergePull for work that takes time.",
  );
}

function subscribedTwice(): MillraceError {
  return new MillraceError(
    "UNSUPPORTED",
    "rx: an operator subscribed to its input a second time (repeat, retry). The input of a stage can be read only once; use connect to send it several ways.",
  );
}
