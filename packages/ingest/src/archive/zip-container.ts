import { MillraceError } from "@millrace/core";
import yauzl from "yauzl";
import type { Container, ContainerEntry } from "./container.ts";
import type { ArchiveLimits } from "./limits.ts";
import type { RandomAccess } from "./random-access.ts";
import { WindowedFile } from "./windowed-file.ts";
import { corrupt, ZipEntry } from "./zip-entry.ts";

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
    const opened = { access, file, take: overlapGuard(path, size) };
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
      entries.push(new ZipEntry(opened, name, entry));
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
