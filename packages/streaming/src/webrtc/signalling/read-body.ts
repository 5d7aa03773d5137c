import type { IncomingMessage } from "node:http";
import { MillraceError } from "@millrace/core";

/** Descriptions have a few kilobytes. */
const MOST_BYTES = 64 * 1024;
const LIMIT_MS = 10_000;

/** A request that is longer than it may be. */
export class BodyTooLong extends Error {}

/**
 * Reads a request of text.
 *
 * @throws BodyTooLong when it is above 64 KiB; MillraceError TIMEOUT when it does not come in 10 s, CORRUPT_INPUT when
 *   it breaks off
 */
export async function readBody(request: IncomingMessage): Promise<string> {
  if (Number(request.headers["content-length"] ?? 0) > MOST_BYTES) throw new BodyTooLong();
  const timer = setTimeout(
    () => request.destroy(new MillraceError("TIMEOUT", "The request did not come in 10 s.")),
    LIMIT_MS,
  );
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      size += chunk.length;
      if (size > MOST_BYTES) throw new BodyTooLong();
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof BodyTooLong || MillraceError.is(cause)) throw cause;
    throw new MillraceError("CORRUPT_INPUT", "The request broke off.", { cause });
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(chunks).toString("utf8");
}
