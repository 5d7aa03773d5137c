import { MillraceError } from "@millrace/core/web";

/** Writes numbers in few bytes. */
export interface ColumnWriter {
  /** An unsigned whole number up to 2^53, seven bits a byte (LEB128). */
  unsigned(value: number): void;
  bytes(value: Uint8Array): void;
  /**
   * Whole numbers of either sign, of one width, and apart from them the few that need a larger one: most numbers of a
   * column are of one size, and are read in one go (patched frame of reference; Zukowski et al., ICDE 2006).
   */
  column(values: Float64Array): void;
  /** What was written so far. */
  finish(): Uint8Array;
}

/** In the order of their widths; a column names its own by its place here. */
const KINDS = [
  { Numbers: Int8Array, least: -(2 ** 7), most: 2 ** 7 - 1 },
  { Numbers: Uint8Array, least: 0, most: 2 ** 8 - 1 },
  { Numbers: Int16Array, least: -(2 ** 15), most: 2 ** 15 - 1 },
  { Numbers: Uint16Array, least: 0, most: 2 ** 16 - 1 },
  { Numbers: Int32Array, least: -(2 ** 31), most: 2 ** 31 - 1 },
  { Numbers: Float64Array, least: Number.MIN_SAFE_INTEGER, most: Number.MAX_SAFE_INTEGER },
] as const;

/** What one that does not fit takes, about: its place and its value. */
const PATCH_BYTES = 6;

const isBigEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 0;

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
  /** Small numbers of either sign in few bytes. */
  const signed = (value: number): void => unsigned(value < 0 ? -value * 2 - 1 : value * 2);
  const raw = (value: Uint8Array): void => {
    room(value.length);
    buffer.set(value, length);
    length += value.length;
  };
  return {
    unsigned,
    bytes(value) {
      unsigned(value.length);
      raw(value);
    },
    column(values) {
      const kind = cheapestKind(values);
      const { Numbers, least, most } = KINDS[kind] as (typeof KINDS)[number];
      const fitting = new Numbers(values);
      unsigned(kind);
      const patches: number[] = [];
      for (let at = 0; at < values.length; at++) {
        if (!isWithin(values[at], least, most)) patches.push(at);
      }
      unsigned(patches.length);
      let last = 0;
      for (const at of patches) {
        fitting[at] = 0;
        unsigned(at - last);
        signed(values[at] as number);
        last = at;
      }
      const lowFirst = new Uint8Array(fitting.buffer);
      swap(lowFirst, Numbers.BYTES_PER_ELEMENT);
      raw(lowFirst);
    },
    finish: () => buffer.slice(0, length),
  };
}

function isWithin(value: number | undefined, least: number, most: number): boolean {
  return value !== undefined && value >= least && value <= most;
}

function cheapestKind(values: Float64Array): number {
  const costs = KINDS.map(({ Numbers, least, most }) => {
    let patches = 0;
    for (const value of values) if (!isWithin(value, least, most)) patches += 1;
    return values.length * Numbers.BYTES_PER_ELEMENT + patches * PATCH_BYTES;
  });
  return costs.indexOf(Math.min(...costs));
}

/** Changes numbers between the order of the machine's bytes and that of the file, the lowest first. */
function swap(bytes: Uint8Array, width: number): void {
  if (!isBigEndian) return;
  for (let at = 0; at < bytes.length; at += width) bytes.subarray(at, at + width).reverse();
}

/** Reads what a {@link ColumnWriter} wrote. */
export interface ColumnReader {
  unsigned(): number;
  /** Bytes that are views of the whole. */
  bytes(): Uint8Array;
  /** Memory of its own. */
  column(count: number): Float64Array;
  /** Bytes that are left. */
  readonly left: number;
}

/** @throws MillraceError CORRUPT_INPUT from its methods, where the bytes end before the number does */
export function columnReader(bytes: Uint8Array): ColumnReader {
  let at = 0;
  const unsigned = (): number => {
    // Most numbers are small.
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
  const signed = (): number => {
    const code = unsigned();
    return code % 2 === 0 ? code / 2 : -(code + 1) / 2;
  };
  const raw = (length: number): Uint8Array => {
    if (length > bytes.length - at) {
      throw new MillraceError("CORRUPT_INPUT", "The index is shorter than it says.");
    }
    at += length;
    return bytes.subarray(at - length, at);
  };
  return {
    unsigned,
    bytes: () => raw(unsigned()),
    column(count) {
      const kind = KINDS[unsigned()];
      const patches: [at: number, value: number][] = [];
      let last = 0;
      for (let left = unsigned(); left > 0; left--) {
        last += unsigned();
        patches.push([last, signed()]);
      }
      if (kind === undefined || last >= Math.max(1, count)) {
        throw new MillraceError("CORRUPT_INPUT", "The index holds a column that is none.");
      }
      const { Numbers } = kind;
      const width = Numbers.BYTES_PER_ELEMENT;
      // A copy, since numbers lie at multiples of their width.
      const fitting = new Uint8Array(raw(count * width));
      swap(fitting, width);
      const values = new Float64Array(new Numbers(fitting.buffer));
      if (Numbers === Float64Array && !values.every(Number.isSafeInteger)) {
        throw new MillraceError("CORRUPT_INPUT", "The index holds numbers that are not whole.");
      }
      for (const [place, value] of patches) values[place] = value;
      return values;
    },
    get left() {
      return bytes.length - at;
    },
  };
}
