import { abortable } from "./abortable.ts";
import type { RunContext } from "./context.ts";
import type { Sink, SinkWriter } from "./contracts.ts";

/** Opens a writer. One that arrives only after an abort is let go of, not leaked. */
export async function openWriter<T, R>(
  sink: Sink<T, R>,
  context: RunContext,
): Promise<SinkWriter<T, R>> {
  const opening = sink.open(context);
  try {
    return await abortable(opening, context.signal);
  } catch (error) {
    opening.then((late) => releaseWriter(late, error)).catch(() => {});
    throw error;
  }
}

/** Aborts a writer and disposes of it; never rejects, because the reason is what matters to the caller. */
export async function releaseWriter(
  writer: SinkWriter<never, unknown>,
  reason: unknown,
): Promise<void> {
  try {
    await writer.abort(reason);
  } catch {
    // A writer that cannot even let go adds nothing to the first failure.
  }
  try {
    await writer[Symbol.asyncDispose]();
  } catch {
    // The same.
  }
}
