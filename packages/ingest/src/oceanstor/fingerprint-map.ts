import { hash } from "node:crypto";

/** A power of two; doubled whenever seven tenths are taken. */
const FIRST_SLOTS = 1_024;
const MOST_TAKEN = 0.7;
/** 48 MiB: 2.9 million texts. */
const MOST_SLOTS = 2 ** 22;

/**
 * A number for each of very many texts, in 12 bytes a slot: a text is kept as the first 64 bits of its
 * SHA-256, so that an archive whose names change in every file does not fill the memory with them.
 *
 * Two of 2.9 million texts share their 64 bits once in four million such maps. A map with so many is
 * full: further texts stay unknown to it.
 */
export class FingerprintMap {
  #slots = FIRST_SLOTS;
  /** Three words a slot: the fingerprint's two and the number, which is 0 in an empty slot. */
  #words = new Uint32Array(3 * FIRST_SLOTS);
  #size = 0;

  /**
   * Gives a text another number.
   *
   * @param change - from the number it had, 0 where it had none, to the one it gets, above 0
   */
  update(text: string, change: (before: number) => number): void {
    const digest = hash("sha256", text, "buffer");
    const high = digest.readUInt32LE(0);
    const low = digest.readUInt32LE(4);
    let at = this.#find(high, low);
    const before = this.#words[at + 2] as number;
    const after = change(before);
    if (before === 0) {
      if (!this.#makeRoom()) return;
      at = this.#find(high, low);
      this.#size += 1;
    }
    this.#write(at, high, low, after);
  }

  /** Notes a text; true where it is new, and where the map is full. */
  add(text: string): boolean {
    let fresh = false;
    this.update(text, (before) => {
      fresh = before === 0;
      return 1;
    });
    return fresh;
  }

  /** Where the words of a fingerprint are, or would be. */
  #find(high: number, low: number): number {
    const words = this.#words;
    let slot = low & (this.#slots - 1);
    while (true) {
      const at = 3 * slot;
      if (words[at + 2] === 0 || (words[at] === high && words[at + 1] === low)) return at;
      slot = (slot + 1) & (this.#slots - 1);
    }
  }

  #write(at: number, high: number, low: number, value: number): void {
    this.#words[at] = high;
    this.#words[at + 1] = low;
    this.#words[at + 2] = value;
  }

  /** For one more text; false where the map is full. */
  #makeRoom(): boolean {
    if (this.#size < this.#slots * MOST_TAKEN) return true;
    if (this.#slots === MOST_SLOTS) return false;
    const old = this.#words;
    this.#slots *= 2;
    this.#words = new Uint32Array(3 * this.#slots);
    for (let from = 0; from < old.length; from += 3) {
      if (old[from + 2] === 0) continue;
      const at = this.#find(old[from] as number, old[from + 1] as number);
      this.#words.set(old.subarray(from, from + 3), at);
    }
    return true;
  }
}
