/** Loads what is wanted now. */
export interface LatestOnly {
  /** Wants something else; what was wanted before and did not begin is never loaded. */
  want(item: number): void;
  /** Gives up what is under way. */
  close(): void;
}

/** What {@link latestOnly} takes. */
export interface LatestOnlyOptions<T> {
  load(item: number, signal: AbortSignal): Promise<T>;
  /** Is told of what was loaded, also when something else is wanted by then: it is on the way there. */
  onLoaded(value: T, item: number): void;
  onFailed(error: unknown, item: number): void;
  /** What takes longer is given up as soon as something else is wanted. */
  readonly patienceMs: number;
}

/**
 * Loads one thing at a time, and then what was wanted last. Something that is nearly there is waited for, so that a key
 * that is held shows a film and not a standstill.
 */
export function latestOnly<T>(options: LatestOnlyOptions<T>): LatestOnly {
  let running: { readonly item: number; readonly controller: AbortController } | undefined;
  let next: number | undefined;
  let isLate = false;
  let isClosed = false;

  const start = (item: number): void => {
    const controller = new AbortController();
    const own = { item, controller };
    running = own;
    isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      if (next !== undefined) controller.abort();
    }, options.patienceMs);
    options
      .load(item, controller.signal)
      .then(
        (value) => {
          if (!controller.signal.aborted) options.onLoaded(value, item);
        },
        (error: unknown) => {
          if (!controller.signal.aborted) options.onFailed(error, item);
        },
      )
      .finally(() => {
        clearTimeout(timer);
        running = undefined;
        if (next === undefined || isClosed) return;
        const wanted = next;
        next = undefined;
        start(wanted);
      });
  };
  return {
    want(item) {
      if (isClosed) return;
      if (running === undefined) start(item);
      else if (running.item === item && !running.controller.signal.aborted) next = undefined;
      else {
        next = item;
        if (isLate) running.controller.abort();
      }
    },
    close() {
      isClosed = true;
      running?.controller.abort();
    },
  };
}
