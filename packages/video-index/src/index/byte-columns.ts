import { MillraceError } from "@millrace/core/web";

/** Writes numbers in few bytes. */
export interface ColumnWriter {
  /** An unsigned whole number up to 2^53, seven bits a byte (LEB128). */
  unsigned(value: number): void;
  /** A whole number of either sign, small ones in few bytes. */
  signed(value: number): void;
  bytes(value: Uint8Array): void;
  /** What was written so far. */
  finish(): Uint8Array;
}

/** Makes a writer that grows. */
export function columnWriter(): ColumnWriter {
  let buffer = new Uint8Array(4096);
  let length = 0;
  const room = (more: number): void => {
    if (length + more <= buffer.length) return;
    const next = new Uint8Array(Math.max(buffer.length * 2, length + more));
    next.set(buffer.subarray(0, length));
    buffer = next;
  };
  const unsigned = (value: number): void => {
    room(8);
    let rest = value;
    while (rest >= 0x80) {
      buffer[length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    buffer[length++] = rest;
  };
  return {
    unsigned,
    signed: (value) => unsigned(value < 0 ? -value * 2 - 1 : value * 2),
    bytes(value) {
      unsigned(value.length);
      room(value.length);
      buffer.set(value, length);
      length += value.length;
    },
    finish: () => buffer.slice(0, length),
  };
}

/** Reads what a {@link ColumnWriter} wrote. */
export interface ColumnReader {
  unsigned(): number;
  signed(): number;
  /** Bytes that are views of the whole. */
  bytes(): Uint8Array;
  /** Bytes that are left. */
  readonly left: number;
}

/** @throws MillraceError CORRUPT_INPUT from its methods, where the bytes end before the number does */
export function columnReader(bytes: Uint8Array): ColumnReader {
  let at = 0;
  const unsigned = (): number => {
    // Most numbers are small, and an index has three a frame.
    const first = bytes[at];
    if (first !== undefined && first < 0x80) {
      at += 1;
      return first;
    }
    let value = 0;
    for (let factor = 1; at < bytes.length && factor <= 2 ** 49; factor *= 0x80) {
      const byte = bytes[at++] as number;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    throw new MillraceError("CORRUPT_INPUT", "The index ends in the middle of a number.");
  };
  return {
    unsigned,
    signed() {
      const code = unsigned();
      return code % 2 === 0 ? code / 2 : -(code + 1) / 2;
    },
    bytes() {
      const length = unsigned();
      if (length > bytes.length - at) {
        throw new MillraceError("CORRUPT_INPUT", "The index is shorter than it says.");
      }
      at += length;
      return bytes.subarray(at - length, at);
    },
    get left() {
      return bytes.length - at;
    },
  };
}
