import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { redactUrl } from "@millrace/core";
import { publicOnly } from "./address-guard.ts";
import { archiveLimits } from "./limits.ts";
import type { RemoteOptions } from "./open-remote.ts";
import { isRemote, isS3, s3Location } from "./remote-input.ts";
import { persist } from "./remote-retry.ts";

/** Options of {@link inputStamp}. */
export interface InputStampOptions {
  readonly remote?: RemoteOptions;
  readonly signal?: AbortSignal;
}

/**
 * What tells one state of an input from another without reading it: path, size and time of every file, or
 * address, size and `ETag` (else `Last-Modified`) of what is behind a URL. For whoever keeps note of what
 * was loaded.
 *
 * @returns undefined where a web server says neither `ETag` nor `Last-Modified`
 * @throws MillraceError NOT_FOUND or REMOTE_FAILED when a URL cannot be asked
 * @example
 * ```ts
 * import { inputStamp } from "@millrace/ingest";
 *
 * console.log(await inputStamp("archive.zip")); // [ '/…/archive.zip 10619 1760918400000' ]
 * ```
 */
export async function inputStamp(
  input: string,
  options: InputStampOptions = {},
): Promise<readonly string[] | undefined> {
  if (!isRemote(input)) return await fileStamps(input);
  return isS3(input) ? await objectStamps(input, options) : await httpStamp(input, options);
}

async function fileStamps(path: string): Promise<readonly string[]> {
  const found = await stat(path);
  if (!found.isDirectory()) return [`${path} ${found.size} ${found.mtimeMs}`];
  const stamps: string[] = [];
  const entries = await readdir(path);
  for (const name of entries.sort()) stamps.push(...(await fileStamps(join(path, name))));
  return stamps;
}

async function httpStamp(
  input: string,
  { remote = {}, signal }: InputStampOptions,
): Promise<readonly string[] | undefined> {
  // Loaded here, so that looking at files does not wait for it.
  const { HttpClient } = await import("./http-client.ts");
  const guard = remote.allowPrivateAddresses === true ? undefined : publicOnly;
  const client = new HttpClient(input, guard);
  try {
    const part = await persist(
      () => client.part(0, 1, undefined, archiveLimits().nestedBytes, signal),
      remote.retry,
      signal,
    );
    const { totalBytes, etag, lastModified } = part;
    const state = etag ?? lastModified;
    return state === undefined ? undefined : [`${redactUrl(input)} ${totalBytes} ${state}`];
  } finally {
    await client.close();
  }
}

async function objectStamps(
  input: string,
  { remote = {}, signal }: InputStampOptions,
): Promise<readonly string[]> {
  const { bucket, key } = s3Location(input);
  const own = remote.objects === undefined;
  const objects = remote.objects ?? (await import("@millrace/core/s3")).s3Objects();
  try {
    if (!input.endsWith("/")) {
      const { sizeBytes, etag } = await objects.head(bucket, key, signal);
      return [`${input} ${sizeBytes} ${etag}`];
    }
    const stamps: string[] = [];
    for await (const { key: found, sizeBytes, etag } of objects.list(bucket, key, signal)) {
      stamps.push(`${found} ${sizeBytes} ${etag}`);
    }
    return stamps;
  } finally {
    if (own) await objects.close();
  }
}
