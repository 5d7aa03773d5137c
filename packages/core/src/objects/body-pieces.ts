import { MillraceError } from "../errors.ts";
import { abortable } from "../flow/abortable.ts";
import { wrongSize } from "./object-input.ts";
import type { ObjectBody, PutOptions } from "./object-store.ts";

/**
 * The pieces of a body, one after another. Ends with the signal even while the body hangs, and tells a body that
 * is longer or shorter than was said.
 */
export async function* bodyPieces(
  what: string,
  body: ObjectBody,
  { signal, sizeBytes }: PutOptions,
): AsyncGenerator<Uint8Array, void> {
  signal?.throwIfAborted();
  const pieces =
    Symbol.asyncIterator in body ? body[Symbol.asyncIterator]() : body[Symbol.iterator]();
  let bytes = 0;
  let ended = false;
  try {
    while (true) {
      const next = await pull(pieces, signal).catch((error: unknown) => {
        // A body that threw has ended by itself.
        ended = !signal?.aborted;
        throw error;
      });
      if (next.done) break;
      const { value } = next;
      if (!(value instanceof Uint8Array)) {
        throw new MillraceError("INVALID_OPTION", `The body of ${what} yields other than bytes.`);
      }
      bytes += value.length;
      if (sizeBytes !== undefined && bytes > sizeBytes) throw wrongSize(what, sizeBytes, bytes);
      if (value.length > 0) yield value;
      signal?.throwIfAborted();
    }
    ended = true;
    if (sizeBytes !== undefined && bytes < sizeBytes) throw wrongSize(what, sizeBytes, bytes);
  } finally {
    // A generator that hangs in next() would hang here too, so nobody waits for it.
    if (!ended) Promise.resolve(pieces.return?.()).catch(() => {});
  }
}

async function pull(
  pieces: AsyncIterator<Uint8Array> | Iterator<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<IteratorResult<Uint8Array, unknown>> {
  const next = Promise.resolve(pieces.next());
  return await (signal === undefined ? next : abortable(next, signal));
}
