const MANTISSA_BITS = 5;
const PER_OCTAVE = 1 << MANTISSA_BITS;
const SHIFT = 23 - MANTISSA_BITS;
const EXPONENT_BIAS = 127;
const LOWEST_OCTAVE = -10;
const HIGHEST_OCTAVE = 40;
const LOWEST = (EXPONENT_BIAS + LOWEST_OCTAVE) << MANTISSA_BITS;
const HIGHEST = ((EXPONENT_BIAS + HIGHEST_OCTAVE) << MANTISSA_BITS) + PER_OCTAVE - 1;

const single = new Float32Array(1);
const bits = new Uint32Array(single.buffer);

/**
 * Largest relative error of {@link QuantileSketch.quantile} between 2^-10 and 2^41: half a bucket,
 * 1/64, and a little for the rounding to single precision.
 */
export const SKETCH_RELATIVE_ERROR: number = 1 / (2 * PER_OCTAVE) + 2 ** -23;

/**
 * Quantiles of numbers from 0 up, in memory that does not grow with their count.
 *
 * Every octave has 32 equal buckets, whose index is the head of the number's own bits: no logarithm.
 * The window of buckets grows by whole octaves with the range of the numbers, up to 51 octaves
 * (6.4 KiB). Numbers below 2^-10 count as 0, numbers from 2^41 up as the highest bucket.
 */
export class QuantileSketch {
  #counts: Uint32Array = new Uint32Array(0);
  #first = 0;
  #zeros = 0;
  #total = 0;

  /** Counts one number, 0 or above. */
  add(value: number): void {
    single[0] = value;
    this.#total += 1;
    let bucket = (bits[0] as number) >>> SHIFT;
    if (bucket < LOWEST) {
      this.#zeros += 1;
      return;
    }
    if (bucket > HIGHEST) bucket = HIGHEST;
    let index = bucket - this.#first;
    if (index < 0 || index >= this.#counts.length) index = this.#widen(bucket);
    (this.#counts[index] as number) += 1;
  }

  /**
   * The nearest-rank quantile: at least `q` of all numbers are at or below it.
   *
   * @param q - 0..1
   * @param whole - true when every number was whole: the answer is then whole too, and exact below 64
   * @returns NaN when nothing was counted
   */
  quantile(q: number, whole = false): number {
    if (this.#total === 0) return Number.NaN;
    const rank = Math.max(1, Math.ceil(q * this.#total));
    let seen = this.#zeros;
    if (seen >= rank) return 0;
    for (let index = 0; index < this.#counts.length; index++) {
      seen += this.#counts[index] as number;
      if (seen >= rank) return middleOf(this.#first + index, whole);
    }
    return middleOf(HIGHEST, whole);
  }

  #widen(bucket: number): number {
    const octave = bucket & -PER_OCTAVE;
    const empty = this.#counts.length === 0;
    const first = empty ? octave : Math.min(this.#first, octave);
    const end = Math.max(empty ? 0 : this.#first + this.#counts.length, octave + PER_OCTAVE);
    const counts = new Uint32Array(end - first);
    if (!empty) counts.set(this.#counts, this.#first - first);
    this.#counts = counts;
    this.#first = first;
    return bucket - first;
  }
}

function middleOf(bucket: number, whole: boolean): number {
  const octave = (bucket >>> MANTISSA_BITS) - EXPONENT_BIAS;
  const width = 2 ** octave / PER_OCTAVE;
  const low = 2 ** octave + (bucket & (PER_OCTAVE - 1)) * width;
  if (!whole) return low + width / 2;
  return width <= 1 ? low : Math.floor(low + (width - 1) / 2);
}
