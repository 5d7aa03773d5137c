import { Observable } from "rxjs";
import { MillraceError } from "../errors.ts";
import type { Source } from "./contracts.ts";
import { detachedContext } from "./detached-context.ts";

/** The source as a cold Observable; see {@link Flow.observe}, which is the usual way to call it. */
export function observe<T>(source: Source<T>): Observable<T> {
  return new Observable<T>((subscriber) => {
    const controller = new AbortController();
    let ended = false;
    const pass = async (): Promise<void> => {
      for await (const item of source.open(detachedContext(controller.signal))) {
        subscriber.next(item);
        if (subscriber.closed) return;
      }
    };
    pass().then(
      () => {
        ended = true;
        if (!subscriber.closed) subscriber.complete();
      },
      (error: unknown) => {
        ended = true;
        // Whatever else is still busy on this pass's behalf stops with the same reason.
        controller.abort(error);
        if (!subscriber.closed) subscriber.error(error);
      },
    );
    return () => {
      if (!ended) {
        controller.abort(new MillraceError("ABORTED", "The flow's subscriber unsubscribed."));
      }
    };
  });
}
