import { createHash } from "node:crypto";
import { MillraceError } from "../errors.ts";
import { bodyPieces } from "../objects/body-pieces.ts";
import type { ObjectBody, PutOptions } from "../objects/object-store.ts";
import { intoParts, type Part } from "./into-parts.ts";
import type { S3StoreLibrary } from "./s3-library.ts";
import type { S3Requests } from "./s3-requests.ts";

/** S3 takes no more parts of one object. */
const MOST_PARTS = 10_000;
const GIVE_UP_MS = 15_000;

/** Where an object goes, and how. */
export interface S3Target {
  readonly Bucket: string;
  readonly Key: string;
  readonly partBytes: number;
  /** Parts on their way at once. */
  readonly uploads: number;
}

/** What a store says of an object that it has taken. */
export interface S3Uploaded {
  readonly etag: string | undefined;
  readonly sizeBytes: number;
}

interface SentPart {
  readonly PartNumber: number;
  readonly ETag: string | undefined;
}

/**
 * Puts a body of any length: in one request where it fits into a part, in several otherwise, with `uploads + 1`
 * parts in memory. When anything fails, the parts that were sent are given up.
 */
export async function s3Upload(
  requests: S3Requests<S3StoreLibrary>,
  target: S3Target,
  body: ObjectBody,
  options: PutOptions,
): Promise<S3Uploaded> {
  const { Bucket, Key } = target;
  const { signal, sizeBytes, contentType } = options;
  const what = `s3://${Bucket}/${Key}`;
  // A part that fails must also end the waiting for a body that hangs.
  const failing = new AbortController();
  const both = signal === undefined ? failing.signal : AbortSignal.any([signal, failing.signal]);
  const partBytes = Math.max(target.partBytes, Math.ceil((sizeBytes ?? 0) / MOST_PARTS));
  const pieces = bodyPieces(what, body, { ...options, signal: both });
  const parts = intoParts(pieces, partBytes);
  const type = contentType === undefined ? {} : { ContentType: contentType };
  const first = (await parts.next()).value as Part;
  if (first.last) {
    const answer = await requests.send({
      what,
      signal,
      doing: "written",
      command: ({ PutObjectCommand: Put }) =>
        new Put({ Bucket, Key, Body: first.bytes, ContentMD5: md5(first.bytes), ...type }),
    });
    return { etag: etagOf(answer), sizeBytes: first.bytes.length };
  }
  const created = (await requests.send({
    what,
    signal,
    doing: "written",
    command: ({ CreateMultipartUploadCommand: Create }) => new Create({ Bucket, Key, ...type }),
  })) as { readonly UploadId?: string };
  const upload = { Bucket, Key, UploadId: created.UploadId };
  const sent: SentPart[] = [];
  const onTheirWay = new Set<Promise<void>>();
  let bytes = 0;
  const start = (part: Part): void => {
    const PartNumber = sent.length + 1;
    if (PartNumber > MOST_PARTS) throw tooLong(what, partBytes);
    sent.push({ PartNumber, ETag: undefined });
    bytes += part.bytes.length;
    const way = requests
      .send({
        what,
        signal: both,
        doing: "written",
        command: ({ UploadPartCommand: Upload }) =>
          new Upload({ ...upload, PartNumber, Body: part.bytes, ContentMD5: md5(part.bytes) }),
      })
      .then((answer) => {
        sent[PartNumber - 1] = { PartNumber, ETag: etagOf(answer) };
      })
      .catch((error: unknown) => failing.abort(error))
      .finally(() => onTheirWay.delete(way));
    onTheirWay.add(way);
  };
  try {
    start(first);
    for await (const part of parts) {
      start(part);
      while (onTheirWay.size >= target.uploads) await Promise.race(onTheirWay);
      both.throwIfAborted();
    }
    await Promise.all(onTheirWay);
    both.throwIfAborted();
    const answer = await requests.send({
      what,
      signal,
      doing: "written",
      command: ({ CompleteMultipartUploadCommand: Complete }) =>
        new Complete({ ...upload, MultipartUpload: { Parts: sent } }),
    });
    return { etag: etagOf(answer), sizeBytes: bytes };
  } catch (error) {
    failing.abort(error);
    // A part that arrives after the upload was given up would stay.
    await Promise.all(onTheirWay);
    const giveUp = requests.send({
      what,
      // Whoever aborted does not want to wait for a store that does not answer.
      signal: AbortSignal.timeout(GIVE_UP_MS),
      doing: "given up",
      command: ({ AbortMultipartUploadCommand: Abort }) => new Abort(upload),
    });
    // What made the upload fail says more than that its parts could not be removed either.
    await giveUp.catch(() => {});
    throw error;
  }
}

function md5(bytes: Uint8Array): string {
  return createHash("md5").update(bytes).digest("base64");
}

function etagOf(answer: unknown): string | undefined {
  return (answer as { readonly ETag?: string }).ETag;
}

function tooLong(what: string, partBytes: number): MillraceError {
  return new MillraceError(
    "LIMIT_EXCEEDED",
    `${what} has more than ${MOST_PARTS} parts of ${partBytes} bytes; say its length (sizeBytes), or give a larger partBytes.`,
  );
}
