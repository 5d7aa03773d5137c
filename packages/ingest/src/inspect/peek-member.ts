import { gunzipSync, constants as zlib } from "node:zlib";
import { MillraceError, wrapError } from "@millrace/core";
import { extract } from "tar-stream";
import { type ArchiveLimits, unpackedCap } from "../archive/limits.ts";
import { isFinderMetadata } from "../archive/member-list.ts";
import { tooManyDocuments } from "../archive/read-tar.ts";
import { isPacked, unpackMember } from "../archive/unpack.ts";
import { identifyPeriodFile } from "../oceanstor/file-name.ts";
import { type DatPeek, peekDat } from "../oceanstor/peek.ts";
import type { TimeBounds } from "../oceanstor/plausible-times.ts";

/** What a period file holds. */
export interface MemberPeek {
  readonly documents: readonly DatPeek[];
  /** What is damaged, one sentence each. */
  readonly problems: readonly string[];
}

/** Enough for the map of a large array; a file with a larger one is inflated further. */
const FIRST_LOOK_BYTES = 16 * 1024;

/**
 * What is in a period file, inflated as little as it takes: where the first block of the first `.dat`
 * fills that file, as it does in real ones, its head is enough. Everything else is read whole.
 *
 * @param path - of the member inside its container
 * @throws MillraceError CORRUPT_INPUT when nothing of it could be loaded
 * @throws MillraceError LIMIT_EXCEEDED when it unpacks to more than the limits allow
 */
export async function peekMember(
  path: string,
  packed: Uint8Array,
  limits: ArchiveLimits,
  bounds: TimeBounds,
): Promise<MemberPeek> {
  const head = isPacked(path) ? await peekHead(path, packed, limits, bounds) : undefined;
  if (head !== undefined) return { documents: [head], problems: head.problems };
  return await peekWhole(path, packed, limits, bounds);
}

/** Undefined where the beginning is not enough to tell. */
async function peekHead(
  path: string,
  packed: Uint8Array,
  limits: ArchiveLimits,
  bounds: TimeBounds,
): Promise<DatPeek | undefined> {
  for (let look = FIRST_LOOK_BYTES; look < packed.length; look *= 4) {
    try {
      const start = beginning(packed.subarray(0, look), unpackedCap(limits, packed.length));
      const document = await firstDocument(start, path, limits);
      const peek = peekDat(document.bytes, path, document.path, document.sizeBytes, bounds);
      return peek.whole ? peek : undefined;
    } catch (error) {
      if (MillraceError.is(error) && error.code === "LIMIT_EXCEEDED") throw error;
    }
  }
  return undefined;
}

async function peekWhole(
  path: string,
  packed: Uint8Array,
  limits: ArchiveLimits,
  bounds: TimeBounds,
): Promise<MemberPeek> {
  const unpacked = await unpackMember(path, packed, limits);
  const documents: DatPeek[] = [];
  const problems = [...(unpacked.problems ?? [])];
  const files = unpacked.documents.filter((document) => isPeriodFile(document.path));
  for (const file of files) {
    try {
      const peek = peekDat(file.bytes, path, file.path, file.bytes.length, bounds);
      documents.push(peek);
      problems.push(...peek.problems);
    } catch (error) {
      problems.push(wrapError(error, `Parsing ${file.path}`).message);
    }
  }
  unpacked.release?.();
  if (files.length === 0) problems.push(`${path} holds no .dat file.`);
  return { documents, problems };
}

/** The same files that loading parses. */
function isPeriodFile(path: string): boolean {
  return !isFinderMetadata(path) && identifyPeriodFile(path) !== undefined;
}

/** What the first bytes of a gzip file inflate to; the checksum at its end is not reached. */
function beginning(packed: Uint8Array, cap: number): Buffer {
  try {
    return gunzipSync(packed, { finishFlush: zlib.Z_SYNC_FLUSH, maxOutputLength: cap });
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ERR_BUFFER_TOO_LARGE") {
      throw new MillraceError(
        "LIMIT_EXCEEDED",
        `It unpacks to more than ${cap} bytes before its first .dat file is found.`,
        { cause },
      );
    }
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new MillraceError("CORRUPT_INPUT", `It is no intact gzip file: ${reason}.`, { cause });
  }
}

/** The first `.dat` of a tar of which only the beginning is there. */
function firstDocument(
  tarBytes: Buffer,
  name: string,
  limits: ArchiveLimits,
): Promise<{ readonly path: string; readonly bytes: Uint8Array; readonly sizeBytes: number }> {
  return new Promise((resolve, reject) => {
    const tar = extract();
    const fail = (): void => {
      reject(new MillraceError("CORRUPT_INPUT", `${name} holds no .dat file.`));
    };
    let entries = 0;
    tar.on("entry", (header, stream, next) => {
      entries += 1;
      if (entries > limits.documents) {
        reject(tooManyDocuments(name, limits));
        tar.destroy();
        return;
      }
      stream.on("error", fail);
      if (header.type === "file" && isPeriodFile(header.name)) {
        stream.once("data", (bytes) => {
          const sizeBytes = header.size ?? 0;
          resolve({ path: header.name, bytes: bytes as Uint8Array, sizeBytes });
          tar.destroy();
        });
        stream.once("end", fail);
      } else if (header.type === "directory") {
        // It has no body, whatever its header says.
        next();
      } else {
        stream.once("end", next);
        stream.resume();
      }
    });
    tar.once("error", fail);
    tar.once("close", fail);
    tar.end(tarBytes);
  });
}
