import { MillraceError, redactUrl } from "@millrace/core";
import { publicOnly } from "./address-guard.ts";
import { HttpClient, type HttpPart } from "./http-client.ts";
import type { ArchiveLimits } from "./limits.ts";
import type { RemoteOptions } from "./open-remote.ts";
import { memoryAccess, type RandomAccess } from "./random-access.ts";
import { readAhead } from "./read-ahead.ts";
import { persist } from "./remote-retry.ts";

/** The first request asks for so much: enough for all of a small file. */
const FIRST_BYTES = 64 * 1024;

/** A server that cuts so many answers must send something worth it each time. */
const PATIENCE_PARTS = 20;

/** Bytes behind a URL. */
export interface HttpBytes {
  readonly access: RandomAccess;
  /** Path of the URL: its ending says what the bytes are meant to be. */
  readonly path: string;
  readonly warnings: readonly string[];
}

/**
 * Opens what is behind a URL, to be read in parts. The file must stay the same while it is read: its
 * size and its `ETag`, or else `Last-Modified`, are compared with every part.
 *
 * Where a server sends no parts, an answer of up to `limits.nestedBytes` is kept in memory.
 *
 * @throws MillraceError NOT_FOUND for 404 and 410
 * @throws MillraceError REMOTE_FAILED for other refusals, and when the server cannot be reached
 * @throws MillraceError UNSUPPORTED for a private address that is not allowed, and too many redirects
 * @throws MillraceError LIMIT_EXCEEDED for a large file of a server that sends no parts
 */
export async function openHttp(
  input: string,
  limits: ArchiveLimits,
  options: RemoteOptions,
  signal?: AbortSignal,
): Promise<HttpBytes> {
  const name = redactUrl(input);
  const client = new HttpClient(
    input,
    options.allowPrivateAddresses === true ? undefined : publicOnly,
  );
  const path = decodePath(new URL(input).pathname);
  try {
    const first = await persist(
      () => client.part(0, FIRST_BYTES, undefined, limits.nestedBytes, signal),
      options.retry,
      signal,
    );
    if (first.whole) {
      await client.close();
      const warnings =
        first.bytes.length > FIRST_BYTES
          ? [`${name}: the server sends no parts, so its answer is kept in memory.`]
          : [];
      return { access: memoryAccess(name, first.bytes), path, warnings };
    }
    const parts = httpParts(client, name, first, options, signal);
    return { access: readAhead(parts, { startBytes: 0, bytes: first.bytes }), path, warnings: [] };
  } catch (error) {
    await client.close();
    throw error;
  }
}

function httpParts(
  client: HttpClient,
  name: string,
  first: HttpPart,
  options: RemoteOptions,
  opened: AbortSignal | undefined,
): RandomAccess {
  return {
    name,
    sizeBytes: first.totalBytes,
    async read(offset, length, given) {
      const signal = given ?? opened;
      const size = Math.max(0, Math.min(length, first.totalBytes - offset));
      const whole = Buffer.allocUnsafeSlow(size);
      let filled = 0;
      for (let parts = 1; filled < size; parts++) {
        const at = filled;
        // An answer that is cut counts as far as it came; the rest is asked for.
        const part = await persist(
          () => client.part(offset + at, size - at, first, size - at, signal),
          options.retry,
          signal,
        );
        whole.set(part.bytes, filled);
        filled += part.bytes.length;
        if (parts < PATIENCE_PARTS || filled >= Math.min(size, parts * FIRST_BYTES)) continue;
        throw new MillraceError(
          "REMOTE_FAILED",
          `${name} comes in ${parts} answers of ${Math.round(filled / parts)} bytes; download it first.`,
        );
      }
      return whole;
    },
    close: () => client.close(),
  };
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new MillraceError("INVALID_OPTION", `${path} is no path of a URL; check its spelling.`);
  }
}
