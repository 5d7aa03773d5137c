import { gunzip, gunzipSync } from "node:zlib";
import { MillraceError, mergePull, type Stage, wrapError } from "@millrace/core";
import type { ArchiveMember, UnreadableMember } from "./archive-member.ts";
import { freeBytes } from "./free-bytes.ts";
import { type ArchiveLimits, archiveLimits, unpackedCap } from "./limits.ts";
import { type Document, readTar } from "./read-tar.ts";

/** A member with its files. */
export interface UnpackedMember {
  readonly origin: string;
  /** Path of the member inside its container. */
  readonly path: string;
  readonly documents: readonly Document[];
  /** Why some of it may be missing, one sentence each. @defaultValue none */
  readonly problems?: readonly string[];
  /** Frees the documents' bytes now; whoever does not call it leaves them to the garbage collector. */
  release?(): void;
}

/** Options of {@link unpack}. */
export interface UnpackOptions {
  /** Members above 1 MiB inflated at once, on Node's thread pool; smaller ones are inflated in place. @defaultValue 2 */
  readonly workers?: number;
  readonly limits?: Partial<ArchiveLimits>;
}

/**
 * A stage that inflates `.tgz` members and takes their files out, all in memory; other members pass as
 * one document. Order is kept. A member is inflated whole before anything of it is delivered, so one
 * with a wrong checksum delivers nothing: it travels on as an {@link UnreadableMember}.
 */
export function unpack(
  options: UnpackOptions = {},
): Stage<ArchiveMember | UnreadableMember, UnpackedMember | UnreadableMember> {
  const limits = archiveLimits(options.limits);
  const { workers = 2 } = options;
  if (!Number.isInteger(workers) || workers < 1) {
    throw new MillraceError(
      "INVALID_OPTION",
      `workers is ${workers}; give a whole number of 1 or more.`,
    );
  }
  return mergePull(
    async (member: ArchiveMember | UnreadableMember) => {
      if (!("bytes" in member)) return member;
      const { origin, path } = member;
      try {
        const unpacked = await unpackMember(path, member.bytes, limits);
        // The bytes are ours, and what they unpacked to does not lie in them.
        if (unpacked.release !== undefined) freeBytes(member.bytes);
        return { origin, path, ...unpacked };
      } catch (error) {
        return { origin, path, error: wrapError(error, `Unpacking ${origin}`) };
      }
    },
    { concurrency: workers, highWaterMark: 1 },
  );
}

/** Whether a member is a gzipped tar, judged by its name. */
export function isPacked(path: string): boolean {
  return /\.(tgz|tar\.gz)$/i.test(path);
}

/**
 * The files of one packed member.
 *
 * @throws MillraceError CORRUPT_INPUT when gzip or tar are damaged
 * @throws MillraceError LIMIT_EXCEEDED when it unpacks to more than the limits allow
 */
export async function unpackMember(
  path: string,
  packed: Uint8Array,
  limits: ArchiveLimits,
): Promise<Omit<UnpackedMember, "origin" | "path">> {
  if (!isPacked(path)) return { documents: [{ path, bytes: packed }] };
  if (packed.length === 0) throw new MillraceError("CORRUPT_INPUT", `${path} is empty.`);
  const inflated = await inflate(path, packed, limits);
  return {
    ...(await readTar(path, inflated, limits)),
    release: () => freeBytes(inflated),
  };
}

/** A chunk as large as the whole saves a concatenation, but a lying trailer must not reserve gigabytes. */
const LARGEST_CHUNK = 16 * 1024 * 1024;
const SMALLEST_CHUNK = 64 * 1024;
/**
 * Files up to this size are inflated in place: waking a thread and coming back costs as much as inflating
 * a usual file of 250 kB (0.3 ms), and the threads' own memory comes on top.
 */
const INLINE_BYTES = 1024 * 1024;

async function inflate(
  path: string,
  packed: Uint8Array,
  limits: ArchiveLimits,
): Promise<Uint8Array<ArrayBuffer>> {
  const maxOutputLength = unpackedCap(limits, packed.length);
  // ISIZE, the last four bytes of a gzip member: its unpacked size modulo 2^32 (RFC 1952). It may lie.
  const declared =
    packed.length >= 18
      ? new DataView(packed.buffer, packed.byteOffset, packed.length).getUint32(
          packed.length - 4,
          true,
        )
      : 0;
  const chunkSize = Math.min(Math.max(declared + 64, SMALLEST_CHUNK), LARGEST_CHUNK);
  try {
    if (packed.length <= INLINE_BYTES && declared <= INLINE_BYTES) {
      const cap = Math.min(maxOutputLength, 4 * INLINE_BYTES);
      return gunzipSync(packed, { chunkSize, maxOutputLength: cap });
    }
  } catch (error) {
    if (!isTooLarge(error)) throw noGzip(path, error);
    // It declared less than it holds; let a thread find out how much.
  }
  return await new Promise((resolve, reject) => {
    gunzip(packed, { chunkSize, maxOutputLength }, (error, bytes) => {
      if (error === null) resolve(bytes);
      else if (!isTooLarge(error)) reject(noGzip(path, error));
      else {
        const text = `${path} unpacks to more than ${maxOutputLength} bytes; raise the limits "unpackedBytes" and "ratio" if that is right.`;
        reject(new MillraceError("LIMIT_EXCEEDED", text, { cause: error }));
      }
    });
  });
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
}

function noGzip(path: string, cause: unknown): MillraceError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new MillraceError("CORRUPT_INPUT", `${path} is no intact gzip file: ${reason}.`, {
    cause,
  });
}
