/**
 * A sum over samples that is the same in any order: two multisets of samples with equal sums are equal, up
 * to a chance of 1 in 2^64 for such as come about by accident.
 */
export class SampleChecksum {
  #low = 0;
  #high = 0;

  /** Adds one sample of the series with this key. */
  add(key: number, timeMs: number, value: number): void {
    // What a database keeps of a fraction may differ in its last bits, so it counts as a 32-bit float.
    DOUBLE[0] = Number.isInteger(value) ? value + 0 : Math.fround(value);
    const [valueLow, valueHigh] = [WORDS[0] as number, WORDS[1] as number];
    const timeLow = timeMs | 0;
    const timeHigh = (timeMs / 0x1_0000_0000) | 0;
    const keyLow = key | 0;
    const keyHigh = (key / 0x1_0000_0000) | 0;
    let a = Math.imul(keyLow ^ timeHigh, 0x9e37_79b1) ^ Math.imul(timeLow, 0x85eb_ca77);
    let b = Math.imul(keyHigh ^ valueLow, 0xc2b2_ae3d) ^ Math.imul(valueHigh, 0x27d4_eb2f);
    a = scramble(a ^ (b >>> 13));
    b = scramble(b ^ a);
    a = scramble(a + b);
    this.#low = (this.#low + a) | 0;
    this.#high = (this.#high + b) | 0;
  }

  /** Adds all that the other holds. */
  addAll(other: SampleChecksum): void {
    this.#low = (this.#low + other.#low) | 0;
    this.#high = (this.#high + other.#high) | 0;
  }

  equals(other: SampleChecksum): boolean {
    return this.#low === other.#low && this.#high === other.#high;
  }
}

const DOUBLE = new Float64Array(1);
const WORDS = new Int32Array(DOUBLE.buffer);

/** The finalizer of MurmurHash3. */
function scramble(lane: number): number {
  let h = lane | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35);
  return h ^ (h >>> 16);
}
