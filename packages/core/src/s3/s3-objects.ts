import { MillraceError } from "../errors.ts";
import { loadS3Library, type S3Library } from "./s3-library.ts";

export type { S3Library } from "./s3-library.ts";

/** An object, as a listing or its head describes it. */
export interface StoredObject {
  readonly key: string;
  readonly sizeBytes: number;
  /** Changes with the contents. */
  readonly etag: string | undefined;
}

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

/** What is used of an S3 client; that of `@aws-sdk/client-s3` is one. */
export interface S3Client {
  /** Sends one request; resolves to the answer. */
  send(command: unknown, options?: { abortSignal?: AbortSignal }): Promise<unknown>;
  /** Closes its connections. */
  destroy?(): void;
}

/** Options of {@link s3Objects}. */
export interface S3ObjectsOptions {
  /** Already made, with its credentials; it is yours to close. @defaultValue one that is made here */
  readonly client?: S3Client;
  /** Address of a store that is not Amazon's; the bucket then stands in the path. */
  readonly endpoint?: string;
  /** @defaultValue what the SDK finds in its surroundings; `us-east-1` where an endpoint is given */
  readonly region?: string;
  /** @defaultValue what the SDK finds in its surroundings: its variables, profiles and roles */
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
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
  let loading: Promise<{ readonly lib: S3Library; readonly client: S3Client }> | undefined;
  const open = async () => {
    const lib = options.lib ?? (await loadS3Library());
    return { lib, client: options.client ?? new lib.S3Client(clientOptions(options)) };
  };
  const ready = () => {
    loading ??= open();
    return loading;
  };
  const send = async (
    what: string,
    command: (lib: S3Library) => unknown,
    signal: AbortSignal | undefined,
  ): Promise<unknown> => {
    const { lib, client } = await ready();
    try {
      return await client.send(command(lib), signal === undefined ? {} : { abortSignal: signal });
    } catch (cause) {
      signal?.throwIfAborted();
      throw failure(what, cause);
    }
  };
  return {
    async *list(Bucket, Prefix, signal) {
      let ContinuationToken: string | undefined;
      do {
        const page = (await send(
          `s3://${Bucket}/${Prefix}`,
          ({ ListObjectsV2Command: List }) => new List({ Bucket, Prefix, ContinuationToken }),
          signal,
        )) as ListAnswer;
        for (const { Key, Size, ETag } of page.Contents ?? []) {
          if (Key !== undefined) yield { key: Key, sizeBytes: Size ?? 0, etag: ETag };
        }
        ContinuationToken = page.NextContinuationToken;
      } while (ContinuationToken !== undefined);
    },
    async head(Bucket, Key, signal) {
      const answer = (await send(
        `s3://${Bucket}/${Key}`,
        ({ HeadObjectCommand: Head }) => new Head({ Bucket, Key }),
        signal,
      )) as HeadAnswer;
      return { key: Key, sizeBytes: answer.ContentLength ?? 0, etag: answer.ETag };
    },
    async read({ bucket, key, offset, length, etag }, signal) {
      const what = `s3://${bucket}/${key}`;
      const answer = (await send(
        what,
        ({ GetObjectCommand: Get }) =>
          new Get({
            Bucket: bucket,
            Key: key,
            Range: `bytes=${offset}-${offset + length - 1}`,
            ...(etag === undefined ? {} : { IfMatch: etag }),
          }),
        signal,
      )) as GetAnswer;
      // Not every store that speaks the protocol knows If-Match.
      const same = etag === undefined || answer.ETag === undefined || answer.ETag === etag;
      const inPlace = answer.ContentRange?.startsWith(`bytes ${offset}-`) ?? offset === 0;
      if (!same || !inPlace) answer.Body?.destroy?.();
      if (!same) throw replaced(what);
      if (!inPlace) {
        throw new MillraceError(
          "REMOTE_FAILED",
          `${what} was asked for bytes from ${offset} on and answered with "${answer.ContentRange ?? "all of it"}"; the store does not know ranges.`,
        );
      }
      try {
        return await collect(answer.Body, length);
      } catch (cause) {
        signal?.throwIfAborted();
        throw failure(what, cause);
      }
    },
    async close() {
      if (loading === undefined || options.client !== undefined) return;
      const opened = await loading.catch(() => undefined);
      opened?.client.destroy?.();
    },
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

interface GetAnswer {
  readonly Body?: AsyncIterable<Uint8Array> & { destroy?(): void };
  readonly ETag?: string;
  readonly ContentRange?: string;
}

/** The SDK tries again by itself, with pauses at random. */
const TRIES = 6;

const CONNECT_MS = 10_000;
/** Left to itself, the SDK waits for ever. */
const SILENCE_MS = 60_000;

function clientOptions({ endpoint, region, credentials }: S3ObjectsOptions): object {
  return {
    maxAttempts: TRIES,
    requestHandler: { connectionTimeout: CONNECT_MS, requestTimeout: SILENCE_MS },
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true, region: "us-east-1" }),
    ...(region === undefined ? {} : { region }),
    ...(credentials === undefined ? {} : { credentials }),
  };
}

/** Never more than was asked for, whatever the store sends. */
async function collect(body: GetAnswer["Body"], length: number): Promise<Buffer<ArrayBuffer>> {
  const bytes = Buffer.allocUnsafeSlow(length);
  let filled = 0;
  for await (const chunk of body ?? []) {
    const piece = chunk.subarray(0, length - filled);
    bytes.set(piece, filled);
    filled += piece.length;
    if (filled === length) break;
  }
  return bytes.subarray(0, filled);
}

function replaced(what: string, cause?: unknown): MillraceError {
  return new MillraceError(
    "CORRUPT_INPUT",
    `${what} was replaced while it was read; read it again from the start.`,
    { cause },
  );
}

function failure(what: string, cause: unknown): MillraceError {
  if (MillraceError.is(cause)) return cause;
  const { name, message, $metadata } = cause as Error & {
    $metadata?: { httpStatusCode?: number };
  };
  const status = $metadata?.httpStatusCode;
  if (status === 412) return replaced(what, cause);
  if (status === 404) {
    const bucket =
      name === "NoSuchBucket" ? "its bucket does not exist" : "there is no such object";
    return new MillraceError("NOT_FOUND", `${what}: ${bucket}.`, { cause });
  }
  const said = status === undefined ? message : `status ${status}, ${name}: ${message}`;
  const hint = status === 401 || status === 403 ? "; check the credentials and their rights" : "";
  return new MillraceError("REMOTE_FAILED", `${what} cannot be read (${said})${hint}.`, {
    cause,
    retryable: status === undefined || status >= 500 || status === 429,
    details: { status },
  });
}
