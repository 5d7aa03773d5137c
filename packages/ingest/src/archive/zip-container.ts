import { stat } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { MillraceError } from "@millrace/core";
import yauzl from "yauzl";
import type { Container, ContainerEntry } from "./container.ts";
import type { ArchiveLimits } from "./limits.ts";

/**
 * Opens a zip by its central directory.
 *
 * @throws MillraceError CORRUPT_INPUT when the directory cannot be read (truncated, no zip)
 * @throws MillraceError LIMIT_EXCEEDED when it lists more than `limits.members` files
 */
export async function openZip(path: string, limits: ArchiveLimits): Promise<Container> {
  const { size } = await stat(path);
  let zip: yauzl.ZipFile;
  try {
    // decodeStrings off: yauzl would end the whole archive at one name like "../x", and names never
    // reach the disk here. Sizes are still validated.
    zip = await yauzl.openPromise(path, { autoClose: false, decodeStrings: false });
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
    for await (const entry of zip.eachEntry()) {
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
  let bytes: Uint8Array;
  try {
    const stream = await zip.openReadStreamPromise(entry);
    const chunks: Buffer[] = [];
    // yauzl validates the length against the directory, so a lie ends here and not in memory.
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    bytes = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
  } catch (cause) {
    throw corrupt(name, cause);
  }
  if (crc32(bytes) !== entry.crc32) {
    throw new MillraceError("CORRUPT_INPUT", `${name} does not match its checksum in the zip.`);
  }
  return bytes;
}

function corrupt(what: string, cause: unknown): MillraceError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new MillraceError("CORRUPT_INPUT", `Cannot read ${what}: ${reason}`, { cause });
}
