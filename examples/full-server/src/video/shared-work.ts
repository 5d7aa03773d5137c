import { abortable } from "@millrace/core";

/** Does work of one key once for all who ask while it goes on. */
export interface SharedWork<T> {
  /**
   * Joins the work of a key, or starts it. Work that nobody waits for any more is told so by its signal; each who
   * waits leaves with the reason of a signal of one's own.
   */
  join(key: string, start: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T>;
}

interface Work<T> {
  readonly result: Promise<T>;
  readonly controller: AbortController;
  waiting: number;
}

/** Begins with nothing under way. */
export function sharedWork<T>(): SharedWork<T> {
  const works = new Map<string, Work<T>>();
  return {
    async join(key, start, signal) {
      signal?.throwIfAborted();
      let work = works.get(key);
      if (work === undefined) {
        const controller = new AbortController();
        work = { result: start(controller.signal), controller, waiting: 0 };
        works.set(key, work);
        const own = work;
        const forget = (): void => {
          if (works.get(key) === own) works.delete(key);
        };
        work.result.then(forget, forget);
      }
      work.waiting += 1;
      try {
        return await (signal === undefined ? work.result : abortable(work.result, signal));
      } finally {
        work.waiting -= 1;
        if (work.waiting === 0) {
          // Whoever comes now must not join what is being given up.
          if (works.get(key) === work) works.delete(key);
          work.controller.abort(signal?.reason);
        }
      }
    },
  };
}
