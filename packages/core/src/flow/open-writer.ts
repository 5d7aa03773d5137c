import { MillraceError } from "../errors.ts";
import { abortable } from "./abortable.ts";
import type { RunContext } from "./context.ts";
import type { Sink, SinkWriter } from "./contracts.ts";

/**
 * Opens a writer. One that arrives only after an abort is let go of, not leaked.
 *
 * @throws MillraceError UNSUPPORTED when what the sink opened lacks a member of {@link SinkWriter}
 */
export async function openWriter<T, R>(
  sink: Sink<T, R>,
  context: RunContext,
): Promise<SinkWriter<T, R>> {
  const opening = openChecked(sink, context);
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

/** A plugin need not be written in TypeScript, and what it lacks would fail later, without a name. */
async function openChecked<T, R>(sink: Sink<T, R>, context: RunContext): Promise<SinkWriter<T, R>> {
  const writer = await sink.open(context);
  const missing = missingMember(writer);
  if (missing === undefined) return writer;
  const error = new MillraceError(
    "UNSUPPORTED",
    `The writer of sink "${sink.name}" has no ${missing}; a writer needs write, close, abort, [Symbol.asyncDispose] and watermark$.`,
    { details: { sink: sink.name, missing } },
  );
  await releaseWriter(writer, error);
  throw error;
}

function missingMember(writer: SinkWriter<never, unknown>): string | undefined {
  // Whatever was returned: null has no members either.
  const members: Partial<SinkWriter<never, unknown>> = Object(writer);
  for (const name of ["write", "close", "abort", Symbol.asyncDispose] as const) {
    if (typeof members[name] === "function") continue;
    return typeof name === "symbol" ? `[${name.description}]` : name;
  }
  return typeof members.watermark$?.subscribe === "function" ? undefined : "watermark$";
}
