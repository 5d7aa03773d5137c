import { abortable, MillraceError } from "@millrace/core";

/** Runs of a session, one after another. */
export interface SerialRuns {
  /**
   * Runs it once those before are done; an abort is told at once, and removes what has not begun.
   *
   * @throws MillraceError CLOSED after {@link SerialRuns.close}; the signal's reason when it is aborted
   */
  run<T>(task: () => Promise<T>, signal: AbortSignal | undefined): Promise<T>;
  /** Refuses what comes later, and calls `release` once everything is done. */
  close(release: () => void | Promise<void>): Promise<void>;
}

/** Puts runs in order for a runtime that takes one at a time. */
export function serialRuns(name: string): SerialRuns {
  let last: Promise<unknown> = Promise.resolve();
  let closing: Promise<void> | undefined;
  return {
    async run(task, signal) {
      signal?.throwIfAborted();
      if (closing !== undefined) {
        throw new MillraceError("CLOSED", `${name}: the session was closed; load the model again.`);
      }
      const mine = last.then(() => {
        signal?.throwIfAborted();
        return task();
      });
      last = mine.catch(() => {});
      return await (signal === undefined ? mine : abortable(mine, signal));
    },
    close(release) {
      closing ??= last.then(release);
      return closing;
    },
  };
}
