/** The ASCII digits of 0000 to 9999, four bytes each. */
const FOUR_DIGITS: Uint8Array = Uint8Array.from({ length: 40_000 }, (_, i) => {
  const number = Math.floor(i / 4);
  return 0x30 + (Math.floor(number / 10 ** (3 - (i % 4))) % 10);
});
const MINUS = 0x2d;

/** Most bytes that {@link writeInteger} writes: `-2147483648`. */
export const LONGEST_INTEGER = 11;

/** Writes a whole number of 32 bits in decimal ASCII and returns where it ends. */
export function writeInteger(bytes: Uint8Array, at: number, value: number): number {
  let next = at;
  let rest = value;
  if (rest < 0) {
    bytes[next++] = MINUS;
    rest = -rest;
  }
  if (rest < 10_000) return writeHead(bytes, next, rest);
  const high = Math.floor(rest / 10_000);
  const low = rest - high * 10_000;
  if (high < 10_000) return writeFour(bytes, writeHead(bytes, next, high), low);
  const top = Math.floor(high / 10_000);
  next = writeHead(bytes, next, top);
  return writeFour(bytes, writeFour(bytes, next, high - top * 10_000), low);
}

/** The first digits of a number, without leading zeros. */
function writeHead(bytes: Uint8Array, at: number, value: number): number {
  const digits = value < 10 ? 1 : value < 100 ? 2 : value < 1000 ? 3 : 4;
  let from = value * 4 + 4 - digits;
  const end = at + digits;
  for (let next = at; next < end; next++) bytes[next] = FOUR_DIGITS[from++] as number;
  return end;
}

function writeFour(bytes: Uint8Array, at: number, value: number): number {
  const from = value * 4;
  bytes[at] = FOUR_DIGITS[from] as number;
  bytes[at + 1] = FOUR_DIGITS[from + 1] as number;
  bytes[at + 2] = FOUR_DIGITS[from + 2] as number;
  bytes[at + 3] = FOUR_DIGITS[from + 3] as number;
  return at + 4;
}
