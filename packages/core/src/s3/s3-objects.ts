import type { StoredObject } from "../objects/object-store.ts";
import type { S3Library } from "./s3-library.ts";
import { type S3Body, type S3ConnectionOptions, s3Failure, s3Requests } from "./s3-requests.ts";

/** Which bytes of which object to read. */
export interface ObjectRange {
  readonly bucket: string;
  readonly key: string;
  /** First byte, counted from 0. */
  readonly offset: number;
  /** At least 1. */
  readonly length: number;
  /** Refuses the read when the object has another one by now. */
  readonly etag?: string | undefined;
}

/** Reads objects; what `@millrace/ingest` asks of a store behind `s3://`. */
export interface ObjectReader {
  /** Every object whose key begins with `prefix`, in the store's order: by key. */
  list(bucket: string, prefix: string, signal?: AbortSignal): AsyncIterable<StoredObject>;
  /** @throws MillraceError NOT_FOUND when there is none */
  head(bucket: string, key: string, signal?: AbortSignal): Promise<StoredObject>;
  /**
   * The bytes of a range, or fewer at the end of the object; a buffer of its own.
   *
   * @throws MillraceError CORRUPT_INPUT when the object was replaced
   */
  read(range: ObjectRange, signal?: AbortSignal): Promise<Buffer<ArrayBuffer>>;
  /** Ends the connections of a client that was made here. */
  close(): Promise<void>;
}

/** Options of {@link s3Objects}. */
export interface S3ObjectsOptions extends S3ConnectionOptions {
  /** The package `@aws-sdk/client-s3`, already imported. @defaultValue imported when it is needed */
  readonly lib?: S3Library;
}

/**
 * Reads objects through the AWS SDK, which is an optional peer and loaded at the first call.
 *
 * @example
 * ```ts
 * import { s3Objects } from "@millrace/core/s3";
 *
 * const objects = s3Objects({ endpoint: "https://minio.example:9000", region: "us-east-1" });
 * await objects.close();
 * ```
 */
export function s3Objects(options: S3ObjectsOptions = {}): ObjectReader {
  const requests = s3Requests(options);
  return {
    async *list(Bucket, Prefix, signal) {
      let ContinuationToken: string | undefined;
      do {
        const page = (await requests.send({
          what: `s3://${Bucket}/${Prefix}`,
          command: ({ ListObjectsV2Command: List }) =>
            new List({ Bucket, Prefix, ContinuationToken }),
          signal,
        })) as ListAnswer;
        for (const { Key, Size, ETag } of page.Contents ?? []) {
          if (Key !== undefined) yield { key: Key, sizeBytes: Size ?? 0, etag: ETag };
        }
        ContinuationToken = page.NextContinuationToken;
      } while (ContinuationToken !== undefined);
    },
    async head(Bucket, Key, signal) {
      const answer = (await requests.send({
        what: `s3://${Bucket}/${Key}`,
        command: ({ HeadObjectCommand: Head }) => new Head({ Bucket, Key }),
        signal,
      })) as HeadAnswer;
      return { key: Key, sizeBytes: answer.ContentLength ?? 0, etag: answer.ETag };
    },
    async read({ bucket, key, offset, length, etag }, signal) {
      const { bytes } = await requests.open(
        { bucket, key, offset, end: offset + length, etag },
        signal,
      );
      try {
        return await collect(bytes, length);
      } catch (cause) {
        signal?.throwIfAborted();
        throw s3Failure(`s3://${bucket}/${key}`, cause);
      }
    },
    close: () => requests.close(),
  };
}

interface ListAnswer {
  readonly Contents?: readonly { Key?: string; Size?: number; ETag?: string }[];
  readonly NextContinuationToken?: string;
}

interface HeadAnswer {
  readonly ContentLength?: number;
  readonly ETag?: string;
}

/** Never more than was asked for, whatever the store sends. */
async function collect(body: S3Body["bytes"], length: number): Promise<Buffer<ArrayBuffer>> {
  const bytes = Buffer.allocUnsafeSlow(length);
  let filled = 0;
  for await (const chunk of body) {
    const piece = chunk.subarray(0, length - filled);
    bytes.set(piece, filled);
    filled += piece.length;
    if (filled === length) break;
  }
  return bytes.subarray(0, filled);
}
