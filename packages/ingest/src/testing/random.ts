/**
 * Mixes numbers and texts into one unsigned 32-bit hash. Equal parts give an equal hash on every
 * machine, so what belongs to one element or file does not depend on what was generated before it.
 */
export function hashOf(...parts: readonly (number | string)[]): number {
  let hash = 0x811c9dc5;
  for (const part of parts) {
    if (typeof part === "number") {
      hash = mix(hash ^ (part >>> 0), Math.floor(part / 0x1_0000_0000) >>> 0);
    } else {
      for (let index = 0; index < part.length; index++) {
        hash = Math.imul(hash ^ part.charCodeAt(index), 0x01000193);
      }
      hash = mix(hash, part.length);
    }
  }
  return hash >>> 0;
}

/** A seeded generator (mulberry32): small, fast, the same sequence everywhere. Not for secrets. */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed | 0;
  }

  /** The next unsigned 32-bit integer. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let value = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return (value ^ (value >>> 14)) >>> 0;
  }

  /** The next number in 0..1, 1 excluded. */
  float(): number {
    return this.next() / 0x1_0000_0000;
  }
}

function mix(hash: number, value: number): number {
  let mixed = Math.imul(hash ^ value ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
