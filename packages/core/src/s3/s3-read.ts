import { setTimeout as pause } from "node:timers/promises";
import { MillraceError } from "../errors.ts";
import { abortable } from "../flow/abortable.ts";
import type { S3Library } from "./s3-library.ts";
import { type S3Body, type S3Range, type S3Requests, s3Failure } from "./s3-requests.ts";

/** Which bytes of which object to read. */
interface ReadRange {
  readonly bucket: string;
  readonly key: string;
  readonly from: number;
  /** Behind the last byte. */
  readonly to: number;
  readonly etag: string | undefined;
}

/** Connections in a row that may bring nothing. */
const TRIES = 4;
const PAUSE_MS = 500;
const RANGE_NOT_SATISFIABLE = 416;

/**
 * The bytes of a range, pulled from the connection as they are needed. A connection that breaks is taken up again
 * where it broke, unless the object was replaced meanwhile.
 */
export async function* s3Read<L extends S3Library>(
  requests: S3Requests<L>,
  { bucket, key, from, to, etag: given }: ReadRange,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void> {
  const end = to === Number.MAX_SAFE_INTEGER ? undefined : to;
  let etag = given;
  let at = from;
  let idle = 0;
  while (at < to) {
    const body = await openBody(requests, { bucket, key, offset: at, end, etag }, signal);
    if (body === undefined) return;
    etag ??= body.etag;
    const pieces = body.bytes[Symbol.asyncIterator]();
    let ended = false;
    try {
      while (at < to) {
        const next = await (signal === undefined
          ? pieces.next()
          : abortable(pieces.next(), signal));
        if (next.done) {
          ended = true;
          return;
        }
        idle = 0;
        // Never more than was asked for, whatever the store sends.
        const piece = next.value.subarray(0, to - at);
        at += piece.length;
        yield piece;
      }
    } catch (cause) {
      signal?.throwIfAborted();
      idle += 1;
      if (idle === TRIES) throw s3Failure(`s3://${bucket}/${key}`, cause);
      await pause(PAUSE_MS * idle, undefined, signal === undefined ? {} : { signal }).catch(() => {
        signal?.throwIfAborted();
      });
    } finally {
      // A connection that is not read to its end would stay busy.
      if (!ended) body.bytes.destroy?.();
    }
  }
}

/** Undefined when the range begins behind the end of the object. */
async function openBody<L extends S3Library>(
  requests: S3Requests<L>,
  range: S3Range,
  signal: AbortSignal | undefined,
): Promise<S3Body | undefined> {
  try {
    return await requests.open(range, signal);
  } catch (error) {
    const status = MillraceError.is(error) ? error.details["status"] : undefined;
    if (status === RANGE_NOT_SATISFIABLE) return undefined;
    throw error;
  }
}
