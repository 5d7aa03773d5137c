import { MillraceError } from "../errors.ts";
import type { Source } from "./contracts.ts";
import { detachedContext } from "./detached-context.ts";
import { wholeNumber } from "./whole-number.ts";

/** Options of {@link Flow.toReadableStream}. */
export interface ReadableStreamOptions {
  /** Items that the stream may hold before they are read. @defaultValue 0: reads only when read */
  readonly highWaterMark?: number;
}

/** The source as a web stream; see {@link Flow.toReadableStream}, which is the usual way to call it. */
export function toReadableStream<T>(
  source: Source<T>,
  options: ReadableStreamOptions = {},
): ReadableStream<T> {
  const { highWaterMark = 0 } = options;
  wholeNumber("toReadableStream: highWaterMark", highWaterMark, 0);
  const controller = new AbortController();
  let items: AsyncIterator<T> | undefined;
  return new ReadableStream<T>(
    {
      async pull(stream) {
        try {
          items ??= source.open(detachedContext(controller.signal))[Symbol.asyncIterator]();
          const step = await items.next();
          if (step.done) stream.close();
          else stream.enqueue(step.value);
        } catch (error) {
          // Whatever else is still busy on this pass's behalf stops with the same reason.
          controller.abort(error);
          throw error;
        }
      },
      async cancel(
        reason: unknown = new MillraceError("ABORTED", "The reader of the stream cancelled it."),
      ) {
        controller.abort(reason);
        await items?.return?.();
      },
    },
    { highWaterMark },
  );
}
