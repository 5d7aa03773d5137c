import { MillraceError } from "@millrace/core";

/**
 * Layout of a `.dat`, all integers little-endian: check value [0, 32), message version [32, 36),
 * equipment serial [36, 292), equipment name [292, 333), data length [333, 337), then blocks. The check
 * value and the data length are unreliable and ignored.
 */
const SERIAL_AT = 36;
const NAME_AT = 292;
const NAME_END = 333;
const BLOCKS_AT = 337;
/** A block starts with its type (0) and its length, both int32; the length counts these eight bytes. */
const BLOCK_HEAD = 8;

/** What the fixed header says; for people only, as its text may be damaged. */
export interface DatHeader {
  readonly serial: string;
  readonly model: string;
}

/** One block as it lies in the file. */
export interface RawBlock {
  /** The map text, UTF-8. */
  readonly map: Uint8Array;
  /** Where its rows begin. */
  readonly rowsAt: number;
}

/**
 * The fixed header.
 *
 * @throws MillraceError CORRUPT_INPUT when the file is shorter than its header
 */
export function readHeader(bytes: Uint8Array): DatHeader {
  if (bytes.length === 0) throw new MillraceError("CORRUPT_INPUT", "The file is empty.");
  if (bytes.length < BLOCKS_AT) {
    throw new MillraceError(
      "CORRUPT_INPUT",
      `The file has ${bytes.length} bytes, fewer than its header of ${BLOCKS_AT}.`,
    );
  }
  return {
    serial: fixedText(bytes.subarray(SERIAL_AT, NAME_AT)),
    model: fixedText(bytes.subarray(NAME_AT, NAME_END)),
  };
}

/** Offset of the first block. */
export const FIRST_BLOCK_AT: number = BLOCKS_AT;

/**
 * The block that begins at `at`, or undefined where the file ends there: at its end, or at zeros up to
 * its end, which are padding and hold nothing.
 *
 * @throws MillraceError CORRUPT_INPUT when something else is there
 */
export function readBlock(bytes: Uint8Array, at: number): RawBlock | undefined {
  const left = bytes.length - at;
  const first = at === BLOCKS_AT;
  if (!first && isZero(bytes, at, bytes.length)) return undefined;
  // The type of the first block was never checked by any reader, so it may be anything.
  if (!first && !isZero(bytes, at, Math.min(at + 4, bytes.length))) {
    throw new MillraceError(
      "CORRUPT_INPUT",
      `The ${left} bytes from byte ${at} on, behind the last row, belong to no block and are left out.`,
    );
  }
  if (left < BLOCK_HEAD) {
    throw new MillraceError("CORRUPT_INPUT", `The file ends in the head of a block at byte ${at}.`);
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset + at, BLOCK_HEAD).getInt32(4, true);
  if (length < BLOCK_HEAD || length > left) {
    throw new MillraceError(
      "CORRUPT_INPUT",
      `The block at byte ${at} declares ${length} bytes for its head, with ${left} left in the file.`,
    );
  }
  return { map: bytes.subarray(at + BLOCK_HEAD, at + length), rowsAt: at + length };
}

function isZero(bytes: Uint8Array, from: number, to: number): boolean {
  let at = from;
  while (at < to && bytes[at] === 0) at += 1;
  return at >= to;
}

/** NUL-padded text; damaged bytes are shown as such, since nothing depends on it. */
function fixedText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString("utf8");
}
