import { promisify } from "node:util";
import { crc32, inflateRaw } from "node:zlib";
import { MillraceError } from "@millrace/core";
import yauzl from "yauzl";
import type { Container, ContainerEntry } from "./container.ts";
import { freeBytes } from "./free-bytes.ts";
import type { ArchiveLimits } from "./limits.ts";
import type { NestingBudget } from "./nesting-budget.ts";
import { memoryAccess, type RandomAccess, sliceAccess } from "./random-access.ts";
import { WindowedFile } from "./windowed-file.ts";
import { readFileHeader } from "./zip-file-header.ts";

/**
 * Opens a zip by its central directory; the bytes beneath are closed with it, or when that fails.
 *
 * @throws MillraceError CORRUPT_INPUT when the directory cannot be read whole (truncated, no zip)
 * @throws MillraceError LIMIT_EXCEEDED when it lists more than `limits.members` files
 */
export async function openZip(access: RandomAccess, limits: ArchiveLimits): Promise<Container> {
  const { name: path, sizeBytes: size } = access;
  const file = new WindowedFile(access);
  let zip: yauzl.ZipFile;
  try {
    // yauzl would end the whole archive at one name like "../x", and names never reach the disk here;
    // likewise at one wrong size, and sizes are checked below, entry by entry.
    zip = await yauzl.fromRandomAccessReaderPromise(file, size, {
      autoClose: false,
      decodeStrings: false,
      validateEntrySizes: false,
    });
  } catch (cause) {
    await access.close().catch(() => {}); // yauzl may have closed it already
    throw MillraceError.is(cause) ? cause : corrupt(path, cause);
  }
  try {
    if (zip.entryCount > limits.members) {
      throw new MillraceError(
        "LIMIT_EXCEEDED",
        `${path} lists ${zip.entryCount} files, more than the limit of ${limits.members}; raise the limit "members" if that is right.`,
      );
    }
    const entries: ContainerEntry[] = [];
    const take = overlapGuard(path, size);
    let listedBytes = 0;
    for await (const entry of zip.eachEntry()) {
      const { fileNameLength, extraFieldLength, fileCommentLength } = entry;
      listedBytes += DIRECTORY_HEADER + fileNameLength + extraFieldLength + fileCommentLength;
      const name = yauzl.getFileNameLowLevel(
        entry.generalPurposeBitFlag,
        entry.fileNameRaw,
        entry.extraFields,
        false,
      );
      // A folder is empty. One that is not may be a file whose name was damaged.
      if (name.endsWith("/") && entry.uncompressedSize === 0) continue;
      entries.push({
        path: name,
        storedBytes: entry.compressedSize,
        async read({ packedBytes }) {
          take(name, entry.compressedSize);
          return await readEntry(zip, file, entry, name, packedBytes);
        },
        async openNested(nestedName, budget) {
          take(nestedName, entry.compressedSize);
          const stored = await storedEntry(zip, file, entry, name);
          if (stored !== undefined)
            return sliceAccess(nestedName, access, stored, entry.compressedSize);
          return await inflatedEntry(zip, file, entry, nestedName, budget);
        },
        checkName: async () => {
          await dataStart(file, entry, name);
        },
      });
    }
    const endAt = size - DIRECTORY_END - zip.comment.length;
    if (await listsMore(file, endAt, listedBytes)) {
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
      [Symbol.asyncDispose]: async () => {
        zip.close();
        // yauzl only begins to close it.
        await access.close();
      },
    };
  } catch (error) {
    zip.close();
    await access.close().catch(() => {});
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
async function listsMore(file: WindowedFile, endAt: number, listedBytes: number): Promise<boolean> {
  const directoryAt = (await file.readBytes(endAt, DIRECTORY_END)).readUInt32LE(16);
  const next = (await file.readBytes(directoryAt + listedBytes, 4)).toString("latin1");
  const first = (await file.readBytes(0, 4)).toString("latin1");
  return next === "PK\x01\x02" || (listedBytes === 0 && first === "PK\x03\x04");
}

/** Wrong sizes in a damaged directory must not cost the files behind them, so once would be too strict. */
const MOST_READS = 4;

/**
 * Refuses to read more of a zip than a few times its size. The files of a sound one lie side by side; one
 * that lists the same bytes under many names is small and would keep its reader busy for days.
 */
function overlapGuard(path: string, size: number): (name: string, bytes: number) => void {
  let takenBytes = 0;
  return (name, bytes) => {
    // More than the zip has is refused before anything of it is read.
    takenBytes += Math.min(bytes, size);
    if (takenBytes <= MOST_READS * size) return;
    throw new MillraceError(
      "LIMIT_EXCEEDED",
      `${name} is not read: the files of ${path} lie over one another, and ${MOST_READS} times its size was read already; pack it again.`,
    );
  };
}

/** The compression methods that zip tools agree on. */
const STORED = 0;
const DEFLATED = 8;

async function readEntry(
  zip: yauzl.ZipFile,
  file: WindowedFile,
  entry: yauzl.Entry,
  name: string,
  packedBytes: number,
): Promise<Uint8Array> {
  checkReadable(zip, entry, name);
  const { uncompressedSize: size, compressedSize } = entry;
  const largest = Math.max(size, compressedSize);
  if (largest > packedBytes) {
    throw new MillraceError(
      "LIMIT_EXCEEDED",
      `${name} declares ${largest} bytes, more than the limit of ${packedBytes} ("packedBytes").`,
    );
  }
  const start = await dataStart(file, entry, name);
  let bytes: Uint8Array;
  try {
    bytes = await file.readBytes(start, compressedSize);
    if (bytes.length < compressedSize) throw new Error("the zip ends in the middle of it");
    if (entry.compressionMethod === DEFLATED) {
      const stored = bytes;
      // One byte more than declared: a directory that lies about the size must not fill the memory.
      bytes = await inflate(stored, { maxOutputLength: size + 1, chunkSize: chunkFor(size) });
      freeBytes(stored);
    }
  } catch (cause) {
    if (isTooLarge(cause)) throw wrongSize(name, "more", size);
    // What went wrong beneath, on the network for one, says so itself.
    if (MillraceError.is(cause)) throw cause;
    throw corrupt(name, cause);
  }
  if (bytes.length !== size) {
    throw wrongSize(name, bytes.length > size ? "more" : "fewer", size);
  }
  if (crc32(bytes) !== entry.crc32) {
    throw new MillraceError("CORRUPT_INPUT", `${name} does not match its checksum in the zip.`);
  }
  return bytes;
}

/** Where a file that is stored as it is begins; undefined for a deflated one. */
async function storedEntry(
  zip: yauzl.ZipFile,
  file: WindowedFile,
  entry: yauzl.Entry,
  name: string,
): Promise<number | undefined> {
  checkReadable(zip, entry, name);
  if (entry.compressionMethod !== STORED) return undefined;
  if (entry.uncompressedSize !== entry.compressedSize) {
    throw wrongSize(name, "fewer", entry.uncompressedSize);
  }
  return await dataStart(file, entry, name);
}

async function inflatedEntry(
  zip: yauzl.ZipFile,
  file: WindowedFile,
  entry: yauzl.Entry,
  nestedName: string,
  budget: NestingBudget,
): Promise<RandomAccess> {
  const { compressedSize, uncompressedSize } = entry;
  const release = budget.reserve(nestedName, uncompressedSize, compressedSize);
  try {
    const bytes = await readEntry(zip, file, entry, nestedName, Number.POSITIVE_INFINITY);
    return { ...memoryAccess(nestedName, bytes), close: async () => release() };
  } catch (error) {
    release();
    throw error;
  }
}

function checkReadable(zip: yauzl.ZipFile, entry: yauzl.Entry, name: string): void {
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
  if (entry.compressedSize > zip.fileSize) {
    throw new MillraceError(
      "CORRUPT_INPUT",
      `${name} declares ${entry.compressedSize} bytes, more than the whole zip has.`,
    );
  }
}

async function dataStart(file: WindowedFile, entry: yauzl.Entry, name: string): Promise<number> {
  try {
    return await readFileHeader(file, entry);
  } catch (cause) {
    throw MillraceError.is(cause) ? cause : corrupt(name, cause);
  }
}

const inflate = promisify(inflateRaw);

/** Room for the whole result where it is small, so that it need not be put together from pieces. */
function chunkFor(size: number): number {
  return Math.min(Math.max(size + 64, 64 * 1024), 16 * 1024 * 1024);
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
}

function wrongSize(name: string, how: "more" | "fewer", size: number): MillraceError {
  return new MillraceError(
    "CORRUPT_INPUT",
    `${name} has ${how} bytes than the ${size} that the zip declares.`,
  );
}

function corrupt(what: string, cause: unknown): MillraceError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new MillraceError("CORRUPT_INPUT", `Cannot read ${what}: ${reason}`, { cause });
}
