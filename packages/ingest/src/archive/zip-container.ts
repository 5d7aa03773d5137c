import { open, stat } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { MillraceError } from "@millrace/core";
import yauzl from "yauzl";
import type { Container, ContainerEntry } from "./container.ts";
import type { ArchiveLimits } from "./limits.ts";

/**
 * Opens a zip by its central directory.
 *
 * @throws MillraceError CORRUPT_INPUT when the directory cannot be read whole (truncated, no zip)
 * @throws MillraceError LIMIT_EXCEEDED when it lists more than `limits.members` files
 */
export async function openZip(path: string, limits: ArchiveLimits): Promise<Container> {
  const { size } = await stat(path);
  let zip: yauzl.ZipFile;
  try {
    // yauzl would end the whole archive at one name like "../x", and names never reach the disk here;
    // likewise at one wrong size, and sizes are checked below, entry by entry.
    zip = await yauzl.openPromise(path, {
      autoClose: false,
      decodeStrings: false,
      validateEntrySizes: false,
    });
  } catch (cause) {
    throw corrupt(path, cause);
  }
  try {
    if (zip.entryCount > limits.members) {
      throw new MillraceError(
        "LIMIT_EXCEEDED",
        `${path} lists ${zip.entryCount} files, more than the limit of ${limits.members}; raise the limit "members" if that is right.`,
      );
    }
    const entries: ContainerEntry[] = [];
    let listedBytes = 0;
    for await (const entry of zip.eachEntry()) {
      const { fileNameLength, extraFieldLength, fileCommentLength } = entry;
      listedBytes += DIRECTORY_HEADER + fileNameLength + extraFieldLength + fileCommentLength;
      const name = yauzl.getFileNameLowLevel(
        entry.generalPurposeBitFlag,
        entry.fileName as unknown as Buffer,
        entry.extraFields,
        false,
      );
      if (name.endsWith("/")) continue;
      entries.push({
        path: name,
        storedBytes: entry.compressedSize,
        read: (readLimits) => readEntry(zip, entry, name, readLimits),
      });
    }
    const endAt = size - DIRECTORY_END - zip.comment.length;
    if (await listsMore(path, endAt, listedBytes)) {
      throw new MillraceError(
        "CORRUPT_INPUT",
        `${path} lists more files than the ${zip.entryCount} it counts; pack it again, with zip64.`,
      );
    }
    return {
      name: path,
      sizeBytes: size,
      entries,
      nested: [],
      [Symbol.asyncDispose]: async () => zip.close(),
    };
  } catch (error) {
    zip.close();
    throw MillraceError.is(error) ? error : corrupt(path, error);
  }
}

/** Sizes of the fixed parts of a directory entry and of the record at the directory's end. */
const DIRECTORY_HEADER = 46;
const DIRECTORY_END = 22;

/**
 * Whether another directory entry follows the listed ones, or none is listed of a zip with files: a
 * count of 16 bits that overflowed, or was damaged, would hide files without a word. A zip64 has a count
 * that cannot overflow.
 */
async function listsMore(path: string, endAt: number, listedBytes: number): Promise<boolean> {
  const file = await open(path);
  try {
    const read = async (at: number, length: number): Promise<Buffer> => {
      const { buffer } = await file.read(Buffer.alloc(length), 0, length, at);
      return buffer;
    };
    const directoryAt = (await read(endAt, DIRECTORY_END)).readUInt32LE(16);
    const next = (await read(directoryAt + listedBytes, 4)).toString("latin1");
    const first = (await read(0, 4)).toString("latin1");
    return next === "PK\x01\x02" || (listedBytes === 0 && first === "PK\x03\x04");
  } finally {
    await file.close();
  }
}

/** The compression methods that zip tools agree on. */
const STORED = 0;
const DEFLATED = 8;

async function readEntry(
  zip: yauzl.ZipFile,
  entry: yauzl.Entry,
  name: string,
  limits: ArchiveLimits,
): Promise<Uint8Array> {
  if (entry.isEncrypted()) {
    throw new MillraceError(
      "UNSUPPORTED",
      `${name} is encrypted; extract it with its password first.`,
    );
  }
  if (![STORED, DEFLATED].includes(entry.compressionMethod)) {
    throw new MillraceError(
      "UNSUPPORTED",
      `${name} is packed by zip method ${entry.compressionMethod}, which is not read; extract it first.`,
    );
  }
  const size = entry.uncompressedSize;
  if (size > limits.packedBytes) {
    throw new MillraceError(
      "LIMIT_EXCEEDED",
      `${name} declares ${size} bytes, more than the limit of ${limits.packedBytes} ("packedBytes").`,
    );
  }
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    const stream = await zip.openReadStreamPromise(entry);
    for await (const chunk of stream) {
      chunks.push(chunk as Buffer);
      length += (chunk as Buffer).length;
      // A directory that lies about the size must not fill the memory.
      if (length > size) break;
    }
  } catch (cause) {
    throw corrupt(name, cause);
  }
  if (length !== size) {
    throw new MillraceError(
      "CORRUPT_INPUT",
      `${name} has ${length > size ? "more" : "fewer"} bytes than the ${size} that the zip declares.`,
    );
  }
  const bytes = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, length);
  if (crc32(bytes) !== entry.crc32) {
    throw new MillraceError("CORRUPT_INPUT", `${name} does not match its checksum in the zip.`);
  }
  return bytes;
}

function corrupt(what: string, cause: unknown): MillraceError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new MillraceError("CORRUPT_INPUT", `Cannot read ${what}: ${reason}`, { cause });
}
