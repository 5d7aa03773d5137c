/** A fraction of whole numbers, such as a time base (`{ num: 1, den: 90000 }`) or a pixel's shape. */
export interface Rational {
  readonly num: number;
  /** Never 0. */
  readonly den: number;
}

const MICROSECONDS = 1e6;

/**
 * Ticks of a time base as whole microseconds, rounded to the nearest.
 *
 * Exact where ticks and numerator multiply to less than 2^53 / 10^6 seconds' worth, that is, for every
 * time that a container can hold.
 */
export function ticksToMicroseconds(ticks: number, { num, den }: Rational): number {
  // Whole seconds apart from the rest: the product with a million stays exact.
  const scaled = ticks * num;
  const seconds = Math.floor(scaled / den);
  return seconds * MICROSECONDS + Math.round(((scaled - seconds * den) * MICROSECONDS) / den);
}

/** Ticks of a time base in seconds, as near as a double comes. */
export function ticksToSeconds(ticks: number, { num, den }: Rational): number {
  return (ticks * num) / den;
}
