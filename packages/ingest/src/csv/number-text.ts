/** Longest text that {@link writeQuotient} writes: `-1.2345678901234567e-300`. */
export const LONGEST_NUMBER = 26;

const ZERO = 0x30;
const MINUS = 0x2d;
const POINT = 0x2e;
/** Largest divisor whose quotients are written digit by digit; 10 to the power of {@link MOST_PLACES}. */
const MOST_PLACES = 6;

/**
 * Decimal places of whole numbers divided by this: 0 for 1, 3 for 1000; -1 where it is no such power of
 * ten, so that the quotient has to be calculated.
 */
export function decimalPlaces(divisor: number): number {
  for (let places = 0, power = 1; places <= MOST_PLACES; places++, power *= 10) {
    if (divisor === power) return places;
  }
  return -1;
}

/**
 * Writes raw / divisor as decimal text that reads back as exactly that number, and returns where it
 * ends. There must be room for {@link LONGEST_NUMBER} bytes.
 *
 * @param places - `decimalPlaces(divisor)` where `raw` is an int32, else -1
 * @param point - whether whole numbers end in `.0`
 * @returns `at` itself for NaN and infinities, of which nothing is written
 */
export function writeQuotient(
  bytes: Buffer,
  at: number,
  raw: number,
  divisor: number,
  places: number,
  point: boolean,
): number {
  if (places < 0) return writeNumber(bytes, at, raw / divisor, point);
  if (places === 0) return writeWhole(bytes, at, raw, point);
  let next = at;
  let size = raw;
  if (raw < 0) {
    bytes[next++] = MINUS;
    size = -raw;
  }
  const whole = Math.floor(size / divisor);
  let rest = size - whole * divisor;
  next = writeDigits(bytes, next, whole);
  if (rest === 0) return point ? writePointZero(bytes, next) : next;
  let digits = places;
  while (rest % 10 === 0) {
    rest /= 10;
    digits -= 1;
  }
  bytes[next] = POINT;
  return writePadded(bytes, next + 1, rest, digits);
}

/** Writes a number; of NaN and infinities nothing. */
function writeNumber(bytes: Buffer, at: number, value: number, point: boolean): number {
  if (Number.isSafeInteger(value)) return writeWhole(bytes, at, value, point);
  if (!Number.isFinite(value)) return at;
  const text = String(value);
  return at + bytes.write(text, at, "latin1");
}

/** Writes a safe integer. */
export function writeWhole(bytes: Uint8Array, at: number, value: number, point: boolean): number {
  let next = at;
  let size = value;
  if (value < 0) {
    bytes[next++] = MINUS;
    size = -value;
  }
  next = writeDigits(bytes, next, size);
  return point ? writePointZero(bytes, next) : next;
}

function writePointZero(bytes: Uint8Array, at: number): number {
  bytes[at] = POINT;
  bytes[at + 1] = ZERO;
  return at + 2;
}

const BILLION = 1e9;

/** Digits of a whole number from 0 to 2^53. */
function writeDigits(bytes: Uint8Array, at: number, value: number): number {
  if (value < 10) {
    bytes[at] = ZERO + value;
    return at + 1;
  }
  if (value >= BILLION) {
    const high = Math.floor(value / BILLION);
    return writePadded(bytes, writeDigits(bytes, at, high), value - high * BILLION, 9);
  }
  const digits =
    value < 1e4
      ? value < 100
        ? 2
        : value < 1000
          ? 3
          : 4
      : value < 1e6
        ? value < 1e5
          ? 5
          : 6
        : value < 1e7
          ? 7
          : value < 1e8
            ? 8
            : 9;
  return writePadded(bytes, at, value, digits);
}

/** Exactly so many digits of a whole number below 10^9, zeros in front. */
function writePadded(bytes: Uint8Array, at: number, value: number, digits: number): number {
  let rest = value | 0;
  for (let i = at + digits - 1; i >= at; i--) {
    const tens = (rest / 10) | 0;
    bytes[i] = ZERO + rest - tens * 10;
    rest = tens;
  }
  return at + digits;
}
