import type { WindowedFile } from "./windowed-file.ts";

/** Size of its fixed part; the name follows (APPNOTE 6.3, 4.3.7). */
const HEADER_BYTES = 30;
const SIGNATURE = 0x0403_4b50;
const NAME_LENGTH_AT = 26;
const EXTRA_LENGTH_AT = 28;

/**
 * Reads the header that stands before a file's data in a zip and compares the name in it with the name in
 * the zip's directory, byte by byte: names have no checksum, and one flipped bit would make of a
 * performance file another array's, or none at all.
 *
 * @param at - where the directory says it is
 * @param listed - the name in the directory
 * @returns where the data begins
 */
export async function readFileHeader(
  file: WindowedFile,
  at: number,
  listed: Uint8Array,
): Promise<number> {
  const header = await file.readPiece(at, HEADER_BYTES + listed.length);
  if (header.length < HEADER_BYTES || header.readUInt32LE(0) !== SIGNATURE) {
    throw new Error(`at byte ${at}, where the directory says it is, no file begins.`);
  }
  const nameLength = header.readUInt16LE(NAME_LENGTH_AT);
  if (nameLength !== listed.length) {
    throw new Error(
      `the zip has two names for it, one of ${listed.length} bytes in its directory and one of ${nameLength} before the data.`,
    );
  }
  const own = header.subarray(HEADER_BYTES);
  const differs = listed.findIndex((byte, i) => byte !== own[i]);
  if (differs >= 0) {
    throw new Error(
      `the zip has two names for it, and the other one is ${own}: byte ${differs} is ${hex(listed[differs])} in its directory and ${hex(own[differs])} before the data.`,
    );
  }
  return at + HEADER_BYTES + nameLength + header.readUInt16LE(EXTRA_LENGTH_AT);
}

function hex(byte: number | undefined): string {
  return `0x${(byte ?? 0).toString(16).padStart(2, "0")}`;
}
