import { MillraceError } from "../errors.ts";
import { byteRange, checkKey, objectQuery, storeClosed } from "../objects/object-input.ts";
import type { ObjectStore, StoredObject } from "../objects/object-store.ts";
import { loadS3Presigner, type S3Presigner, type S3StoreLibrary } from "./s3-library.ts";
import { s3Read } from "./s3-read.ts";
import { type S3ConnectionOptions, s3Requests } from "./s3-requests.ts";
import { s3Upload } from "./s3-upload.ts";

/** Options of {@link s3Store}. */
export interface S3StoreOptions extends S3ConnectionOptions {
  readonly bucket: string;
  /** Stands before every key in the bucket. @defaultValue "" */
  readonly prefix?: string;
  /**
   * Bytes of a request; S3 takes 5 MiB to 5 GiB, and 10,000 of them for one object. @defaultValue 16 MiB, and more
   * for a body that is said to need it
   */
  readonly partBytes?: number;
  /** Requests of one put that are on their way at once; each holds a part in memory. @defaultValue 2 */
  readonly uploads?: number;
  /** The package `@aws-sdk/client-s3`, already imported. @defaultValue imported when it is needed */
  readonly lib?: S3StoreLibrary;
  /** The package `@aws-sdk/s3-request-presigner`, already imported. @defaultValue imported when it is needed */
  readonly presigner?: S3Presigner;
}

const PART_BYTES = 16 * 1024 * 1024;
const LEAST_PRESIGN_MS = 1_000;
const MOST_PRESIGN_MS = 7 * 24 * 60 * 60 * 1_000;

/**
 * Objects in a bucket of S3, or of what speaks its protocol, through the AWS SDK, which is an optional peer
 * (`npm install @aws-sdk/client-s3`, and `@aws-sdk/s3-request-presigner` for URLs).
 *
 * A process that is killed while it puts a large object leaves parts that are paid for and not seen: let the bucket
 * drop incomplete uploads after a day (`AbortIncompleteMultipartUpload`).
 *
 * @example
 * ```ts
 * import { s3Store } from "@millrace/core/s3";
 *
 * const store = s3Store({ endpoint: "https://minio.example:9000", bucket: "uploads" });
 * await store[Symbol.asyncDispose]();
 * ```
 */
export function s3Store(options: S3StoreOptions): ObjectStore {
  const { bucket, prefix = "", partBytes = PART_BYTES, uploads = 2 } = options;
  const requests = s3Requests<S3StoreLibrary>(options);
  let closed = false;
  const fullKey = (key: string, signal: AbortSignal | undefined): string => {
    if (closed) throw storeClosed(`s3://${bucket}/${prefix}`);
    signal?.throwIfAborted();
    return prefix + checkKey(key);
  };
  const head = async (key: string, Key: string, signal?: AbortSignal): Promise<StoredObject> => {
    const answer = (await requests.send({
      what: `s3://${bucket}/${Key}`,
      signal,
      command: ({ HeadObjectCommand: Head }) => new Head({ Bucket: bucket, Key }),
    })) as HeadAnswer;
    const { ContentLength = 0, ETag, LastModified } = answer;
    return { key, sizeBytes: ContentLength, etag: ETag, modifiedMs: LastModified?.getTime() };
  };
  return {
    apiVersion: 1,
    name: "s3",
    capabilities: { presign: true },
    async put(key, body, putOptions = {}) {
      const Key = fullKey(key, putOptions.signal);
      const target = { Bucket: bucket, Key, partBytes, uploads };
      return { key, ...(await s3Upload(requests, target, body, putOptions)) };
    },
    async *get(key, { signal, etag, ...range } = {}) {
      const Key = fullKey(key, signal);
      const { from, to } = byteRange(range);
      if (to > from) yield* s3Read(requests, { bucket, key: Key, from, to, etag }, signal);
      // Nothing is asked for, but not of nothing.
      else await head(key, Key, signal);
    },
    async head(key, { signal } = {}) {
      return await head(key, fullKey(key, signal), signal);
    },
    async list(query = {}) {
      const { prefix: within, after, limit } = objectQuery(query);
      // A page is of no key, but of the same store.
      fullKey("-", query.signal);
      const page = (await requests.send({
        what: `s3://${bucket}/${prefix}${within}`,
        signal: query.signal,
        doing: "listed",
        command: ({ ListObjectsV2Command: List }) =>
          new List({
            Bucket: bucket,
            Prefix: prefix + within,
            MaxKeys: limit,
            // Answers are XML, which has no word for some characters that a key may have.
            EncodingType: "url",
            ...(after === "" ? {} : { StartAfter: prefix + after }),
          }),
      })) as ListAnswer;
      const decode = page.EncodingType === "url" ? decodeKey : (key: string) => key;
      const objects = (page.Contents ?? []).map(({ Key = "", Size = 0, ETag, LastModified }) => ({
        key: decode(Key).slice(prefix.length),
        ...{ sizeBytes: Size, etag: ETag, modifiedMs: LastModified?.getTime() },
      }));
      return { objects, next: page.IsTruncated ? objects.at(-1)?.key : undefined };
    },
    async delete(key, { signal } = {}) {
      const Key = fullKey(key, signal);
      await requests.send({
        what: `s3://${bucket}/${Key}`,
        signal,
        doing: "deleted",
        command: ({ DeleteObjectCommand: Delete }) => new Delete({ Bucket: bucket, Key }),
      });
    },
    async presign(key, { method, expiresMs, signal }) {
      const Key = fullKey(key, signal);
      if (!(expiresMs >= LEAST_PRESIGN_MS && expiresMs <= MOST_PRESIGN_MS)) {
        throw new MillraceError(
          "INVALID_OPTION",
          `s3Store: expiresMs is ${expiresMs}; give ${LEAST_PRESIGN_MS} to ${MOST_PRESIGN_MS}.`,
        );
      }
      const presigner = options.presigner ?? (await loadS3Presigner());
      const { lib, client } = await requests.ready();
      const Command = method === "GET" ? lib.GetObjectCommand : lib.PutObjectCommand;
      return await presigner.getSignedUrl(client, new Command({ Bucket: bucket, Key }), {
        expiresIn: Math.floor(expiresMs / 1_000),
      });
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      await requests.close();
    },
  };
}

interface HeadAnswer {
  readonly ContentLength?: number;
  readonly ETag?: string;
  readonly LastModified?: Date;
}

interface ListAnswer {
  readonly Contents?: readonly {
    Key?: string;
    Size?: number;
    ETag?: string;
    LastModified?: Date;
  }[];
  readonly IsTruncated?: boolean;
  readonly EncodingType?: string;
}

function decodeKey(key: string): string {
  return decodeURIComponent(key.replaceAll("+", " "));
}
