/** Bits of a bitstream, most significant first. Behind its end all bits are 0. */
export interface BitReader {
  /** The next bits as a number; 32 at most. */
  read(bits: number): number;
  /** An unsigned Exp-Golomb number (ITU-T H.264, 9.1). */
  unsigned(): number;
  /** A signed Exp-Golomb number. */
  signed(): number;
  skip(bits: number): void;
  /** Bits that are left. */
  readonly left: number;
}

/** Reads the bits of a NAL unit, without its emulation prevention bytes (ITU-T H.264, 7.3.1). */
export function bitReader(data: Uint8Array): BitReader {
  const bytes = withoutEmulation(data);
  let at = 0;
  const total = bytes.length * 8;
  const bit = (): number => {
    if (at >= total) return 0;
    const value = ((bytes[at >> 3] as number) >> (7 - (at & 7))) & 1;
    at += 1;
    return value;
  };
  const read = (bits: number): number => {
    let value = 0;
    for (let index = 0; index < bits; index++) value = value * 2 + bit();
    return value;
  };
  const unsigned = (): number => {
    let zeros = 0;
    while (at < total && bit() === 0) zeros += 1;
    return zeros > 32 ? 0 : 2 ** zeros - 1 + read(zeros);
  };
  return {
    read,
    unsigned,
    signed() {
      const code = unsigned();
      return code % 2 === 0 ? -code / 2 : (code + 1) / 2;
    },
    skip(bits) {
      at += bits;
    },
    get left() {
      return total - at;
    },
  };
}

/** Headers are short: what lies behind is not looked at. */
const LOOK = 512;

function withoutEmulation(data: Uint8Array): Uint8Array {
  const head = data.subarray(0, LOOK);
  let zeros = 0;
  let found = false;
  for (const byte of head) {
    if (zeros >= 2 && byte === 3) found = true;
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  if (!found) return head;
  const clean = new Uint8Array(head.length);
  let length = 0;
  zeros = 0;
  for (const byte of head) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    clean[length++] = byte;
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return clean.subarray(0, length);
}
