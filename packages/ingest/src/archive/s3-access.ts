import { MillraceError } from "@millrace/core";
import type { ObjectRange, ObjectReader } from "@millrace/core/s3";
import type { Container, ContainerEntry } from "./container.ts";
import type { ArchiveLimits } from "./limits.ts";
import type { RandomAccess } from "./random-access.ts";
import { readAhead } from "./read-ahead.ts";
import { s3Location } from "./remote-input.ts";
import { persist } from "./remote-retry.ts";

/** Opens an object, to be read in parts. It must stay the same while it is read. */
export async function openObject(
  input: string,
  objects: ObjectReader,
  opened: AbortSignal | undefined,
): Promise<RandomAccess> {
  const { bucket, key } = s3Location(input);
  const { sizeBytes, etag } = await objects.head(bucket, key, opened);
  return readAhead({
    name: input,
    sizeBytes,
    async read(offset, length, signal = opened) {
      const wanted = Math.max(0, Math.min(length, sizeBytes - offset));
      if (wanted === 0) return Buffer.allocUnsafeSlow(0);
      return await readRange(objects, { bucket, key, offset, length: wanted, etag }, signal);
    },
    close: async () => {},
  });
}

/**
 * Lists every object below a prefix, as a folder is listed: archives stand on their own, single files
 * are read whole.
 *
 * @throws MillraceError NOT_FOUND when there is none
 * @throws MillraceError LIMIT_EXCEEDED when there are more than `limits.members`
 */
export async function openPrefix(
  input: string,
  objects: ObjectReader,
  limits: ArchiveLimits,
  signal: AbortSignal | undefined,
): Promise<Container> {
  const { bucket, key: prefix } = s3Location(input);
  const entries: ContainerEntry[] = [];
  const nested: string[] = [];
  let sizeBytes = 0;
  for await (const object of objects.list(bucket, prefix, signal)) {
    const { key, etag } = object;
    // What S3's own pages make to show a folder.
    if (key.endsWith("/") && object.sizeBytes === 0) continue;
    if (entries.length + nested.length >= limits.members) {
      throw new MillraceError(
        "LIMIT_EXCEEDED",
        `${input} holds more than ${limits.members} objects; raise the limit "members" if that is right.`,
      );
    }
    if (/\.(zip|7z)$/i.test(key)) {
      nested.push(`s3://${bucket}/${key}`);
      continue;
    }
    const length = object.sizeBytes;
    sizeBytes += length;
    entries.push({
      path: key.slice(prefix.length),
      storedBytes: length,
      async read({ packedBytes }) {
        if (length > packedBytes) {
          throw new MillraceError(
            "LIMIT_EXCEEDED",
            `${key} has ${length} bytes, more than the limit of ${packedBytes} ("packedBytes").`,
          );
        }
        if (length === 0) return new Uint8Array(0);
        return await readRange(objects, { bucket, key, offset: 0, length, etag }, signal);
      },
    });
  }
  if (entries.length + nested.length === 0) {
    throw new MillraceError("NOT_FOUND", `${input}: there is no object below it.`);
  }
  return {
    name: input.replace(/\/$/, ""),
    sizeBytes,
    entries,
    nested: nested.sort(),
    [Symbol.asyncDispose]: async () => {},
  };
}

/** The client tries again what is refused, but not an answer that is cut. */
const CUT_TRIES = 3;

async function readRange(
  objects: ObjectReader,
  range: ObjectRange,
  signal: AbortSignal | undefined,
): Promise<Buffer<ArrayBuffer>> {
  const { bucket, key, length } = range;
  const call = async (): Promise<Buffer<ArrayBuffer>> => {
    const bytes = await objects.read(range, signal);
    if (bytes.length === length) return bytes;
    throw new MillraceError(
      "REMOTE_FAILED",
      `s3://${bucket}/${key} was asked for ${length} bytes and sent ${bytes.length}.`,
      { retryable: true },
    );
  };
  return await persist(call, { tries: CUT_TRIES }, signal);
}
