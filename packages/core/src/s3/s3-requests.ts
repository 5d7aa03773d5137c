import { MillraceError } from "../errors.ts";
import { noSuchObject, replacedObject } from "../objects/object-input.ts";
import { loadS3Library, type S3Library, type S3StoreLibrary } from "./s3-library.ts";

/** What is used of an S3 client; that of `@aws-sdk/client-s3` is one. */
export interface S3Client {
  /** Sends one request; resolves to the answer. */
  send(command: unknown, options?: { abortSignal?: AbortSignal }): Promise<unknown>;
  /** Closes its connections. */
  destroy?(): void;
}

/** How to reach a store that speaks S3. */
export interface S3ConnectionOptions {
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
}

/** One request to a store. */
export interface S3Request<L extends S3Library> {
  /** `s3://bucket/key`, for messages. */
  readonly what: string;
  readonly command: (lib: L) => unknown;
  readonly signal?: AbortSignal | undefined;
  /** For messages. @defaultValue "read" */
  readonly doing?: string;
}

/** Sends requests through the AWS SDK, which is loaded at the first one. */
export interface S3Requests<L extends S3Library> {
  /** @throws MillraceError NOT_FOUND, CORRUPT_INPUT or REMOTE_FAILED by the status of the answer */
  send(request: S3Request<L>): Promise<unknown>;
  /** The bytes of an object from an offset on, in pieces; see {@link S3Range}. */
  open(range: S3Range, signal?: AbortSignal): Promise<S3Body>;
  /** The client, and the library that it is of. */
  ready(): Promise<{ readonly lib: L; readonly client: S3Client }>;
  /** Ends the connections of a client that was made here. */
  close(): Promise<void>;
}

/** Which bytes of which object to read. */
export interface S3Range {
  readonly bucket: string;
  readonly key: string;
  readonly offset: number;
  /** Behind the last byte; undefined reads up to the end. */
  readonly end: number | undefined;
  /** Refuses the read when the object has another one. */
  readonly etag: string | undefined;
}

/** The body of an answer. */
export interface S3Body {
  readonly etag: string | undefined;
  readonly bytes: AsyncIterable<Uint8Array> & { destroy?(error?: Error): void };
}

/** @param options - with the library where it is imported already */
export function s3Requests<L extends S3Library>(
  options: S3ConnectionOptions & { readonly lib?: L },
): S3Requests<L> {
  let loading: Promise<{ readonly lib: L; readonly client: S3Client }> | undefined;
  const open = async () => {
    // What is loaded has everything that any part of this package asks of it.
    const lib = options.lib ?? ((await loadS3Library()) satisfies S3StoreLibrary as S3Library as L);
    return { lib, client: options.client ?? new lib.S3Client(clientOptions(options)) };
  };
  const ready = () => {
    loading ??= open();
    return loading;
  };
  const send = async ({ what, command, signal, doing }: S3Request<L>): Promise<unknown> => {
    const { lib, client } = await ready();
    try {
      return await client.send(command(lib), signal === undefined ? {} : { abortSignal: signal });
    } catch (cause) {
      signal?.throwIfAborted();
      throw s3Failure(what, cause, doing);
    }
  };
  return {
    ready,
    send,
    async open({ bucket, key, offset, end, etag }, signal) {
      const what = `s3://${bucket}/${key}`;
      // An empty object has no range at all.
      const whole = offset === 0 && end === undefined;
      const answer = (await send({
        what,
        signal,
        command: ({ GetObjectCommand: Get }) =>
          new Get({
            Bucket: bucket,
            Key: key,
            ...(whole ? {} : { Range: `bytes=${offset}-${end === undefined ? "" : end - 1}` }),
            ...(etag === undefined ? {} : { IfMatch: etag }),
          }),
      })) as GetAnswer;
      // Not every store that speaks the protocol knows If-Match.
      const same = etag === undefined || answer.ETag === undefined || answer.ETag === etag;
      const inPlace = answer.ContentRange?.startsWith(`bytes ${offset}-`) ?? offset === 0;
      if (!same || !inPlace) answer.Body?.destroy?.();
      if (!same) throw replacedObject(what);
      if (!inPlace) {
        throw new MillraceError(
          "REMOTE_FAILED",
          `${what} was asked for bytes from ${offset} on and answered with "${answer.ContentRange ?? "all of it"}"; the store does not know ranges.`,
        );
      }
      return { etag: answer.ETag, bytes: answer.Body ?? nothing() };
    },
    async close() {
      if (loading === undefined || options.client !== undefined) return;
      const opened = await loading.catch(() => undefined);
      opened?.client.destroy?.();
    },
  };
}

interface GetAnswer {
  readonly Body?: AsyncIterable<Uint8Array> & { destroy?(error?: Error): void };
  readonly ETag?: string;
  readonly ContentRange?: string;
}

async function* nothing(): AsyncGenerator<Uint8Array, void> {}

/** The SDK tries again by itself, with pauses at random. */
const TRIES = 6;

const CONNECT_MS = 10_000;
/** Left to itself, the SDK waits for ever. */
const SILENCE_MS = 60_000;

function clientOptions({ endpoint, region, credentials }: S3ConnectionOptions): object {
  return {
    maxAttempts: TRIES,
    requestHandler: { connectionTimeout: CONNECT_MS, requestTimeout: SILENCE_MS },
    // Checksums that nobody asked for are refused by some stores that are not Amazon's.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true, region: "us-east-1" }),
    ...(region === undefined ? {} : { region }),
    ...(credentials === undefined ? {} : { credentials }),
  };
}

/** What an answer's status means. */
export function s3Failure(what: string, cause: unknown, doing: string = "read"): MillraceError {
  if (MillraceError.is(cause)) return cause;
  const { name, message, $metadata } = cause as Error & {
    $metadata?: { httpStatusCode?: number };
  };
  const status = $metadata?.httpStatusCode;
  if (status === 412) return replacedObject(what, cause);
  if (status === 404) {
    return name === "NoSuchBucket"
      ? new MillraceError("NOT_FOUND", `${what}: its bucket does not exist.`, { cause })
      : noSuchObject(what, cause);
  }
  const said = status === undefined ? message : `status ${status}, ${name}: ${message}`;
  const hint = status === 401 || status === 403 ? "; check the credentials and their rights" : "";
  return new MillraceError("REMOTE_FAILED", `${what} cannot be ${doing} (${said})${hint}.`, {
    cause,
    retryable: status === undefined || status >= 500 || status === 429,
    details: { status },
  });
}
