import type { Labels, SeriesTable } from "@millrace/core";

/**
 * A number of 53 bits for each series of a table, equal for equal labels in whatever order, table or
 * run. Two different series share one with a probability of about 1 in 10,000 among a million series.
 */
export class SeriesKeys {
  readonly #keys = new WeakMap<SeriesTable, Float64Array>();
  readonly #extraLabels: Labels;

  /** @param extraLabels - labels that every series has besides, over its own */
  constructor(extraLabels: Labels = {}) {
    this.#extraLabels = extraLabels;
  }

  get(table: SeriesTable): Float64Array {
    let keys = this.#keys.get(table);
    if (keys === undefined) {
      const hash = labelHasher();
      const extra = this.#extraLabels;
      const hasExtra = Object.keys(extra).length > 0;
      keys = Float64Array.from(table.labels, (labels) =>
        hash(hasExtra ? { ...labels, ...extra } : labels),
      );
      this.#keys.set(table, keys);
    }
    return keys;
  }
}

/** The key of one series. */
export function seriesKey(labels: Labels): number {
  return labelHasher()(labels);
}

/** The series of a table share most labels, so each pair is hashed once; pairs are added, so order is no matter. */
function labelHasher(): (labels: Labels) => number {
  const pairs = new Map<string, Map<string, readonly [number, number]>>();
  const pairOf = (name: string, value: string): readonly [number, number] => {
    let values = pairs.get(name);
    if (values === undefined) {
      values = new Map();
      pairs.set(name, values);
    }
    let lanes = values.get(value);
    if (lanes === undefined) {
      lanes = lanesOf(`${name}\u0000${value}`);
      values.set(value, lanes);
    }
    return lanes;
  };
  return (labels) => {
    let low = 0;
    let high = 0;
    for (const name in labels) {
      const value = labels[name] as string;
      if (value === "") continue;
      const pair = pairOf(name, value);
      low = (low + pair[0]) | 0;
      high = (high + pair[1]) | 0;
    }
    return joinLanes(mix(low), mix(high ^ low));
  };
}

/** Folds one more number into a running one; used for fingerprints of a sequence. */
export function foldNumber(print: number, number: number): number {
  const low = Math.imul((print % 0x1_0000_0000) ^ (number % 0x1_0000_0000), 0x9e37_79b1);
  const high = Math.floor(print / 0x1_0000_0000) ^ Math.floor(number / 0x1_0000_0000);
  return joinLanes(mix(low + high), mix(Math.imul(high ^ low, 0x85eb_ca77)));
}

function lanesOf(text: string): readonly [number, number] {
  let a = 0x811c_9dc5;
  let b = 0xdead_beef;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x0100_0193);
    b = Math.imul(b ^ unit, 0x5bd1_e995) + 0x9e37;
  }
  return [mix(a), mix(b)];
}

/** The finalizer of MurmurHash3: every bit of the input changes half of the bits of the output. */
function mix(lane: number): number {
  let h = lane | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35);
  return h ^ (h >>> 16);
}

function joinLanes(low: number, high: number): number {
  return (high >>> 11) * 0x1_0000_0000 + (low >>> 0);
}
