import type { Labels, SeriesTable } from "@millrace/core";
import { FingerprintMap } from "./fingerprint-map.ts";

/** Names in all the sets that are kept; real arrays have a few dozen sets of up to 100 names. */
const MOST_NAMES = 500_000;

/**
 * Counts distinct series over many tables whose labels come and go.
 *
 * An element's series differ in their names only, and most elements share their names with others. So
 * there is a fingerprint for each element, with the number of a set of names, and each set once: a small
 * part of what a fingerprint for each series would take. The count is exact up to 2.9 million elements;
 * beyond, and where half a million names are too few for the sets, series that come again count again.
 */
export class SeriesCounter {
  readonly #elements = new FingerprintMap();
  readonly #sets = new NameSets();

  /** How many of the table's series no earlier table had. */
  add({ labels }: SeriesTable): number {
    let fresh = 0;
    let set = 0;
    let [setFrom, setTo] = [0, 0];
    for (let from = 0, to = 0; from < labels.length; from = to) {
      to = elementEnd(labels, from);
      // The elements of a resource follow one another, all with the same names.
      if (!sameNames(labels, setFrom, setTo, from, to)) {
        set = this.#sets.idOf(labels.slice(from, to).map(nameOf));
        [setFrom, setTo] = [from, to];
      }
      fresh += set === 0 ? to - from : this.#note(elementKey(labels[from]), set);
    }
    return fresh;
  }

  #note(element: string, set: number): number {
    let fresh = 0;
    this.#elements.update(element, (before) => {
      fresh = this.#sets.lacking(before, set);
      return before === 0 ? set : fresh === 0 ? before : this.#sets.union(before, set);
    });
    return fresh;
  }
}

/** Sets of names by number, from 1 on; equal sets have one number, and 0 is none. */
class NameSets {
  readonly #sets: ReadonlySet<string>[] = [new Set()];
  readonly #ids = new Map<string, number>();
  #names = 0;

  /** The number of a set, or 0 where there is no room for another one. */
  idOf(names: Iterable<string>): number {
    const set = new Set([...names].sort());
    const key = [...set].join("\n");
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    if (this.#names + set.size > MOST_NAMES) return 0;
    this.#names += set.size;
    this.#ids.set(key, this.#sets.length);
    return this.#sets.push(set) - 1;
  }

  /** How many names of set `b` are not in set `a`. */
  lacking(a: number, b: number): number {
    if (a === b) return 0;
    const [has, names] = [this.#sets[a], this.#sets[b]];
    let count = 0;
    for (const name of names ?? []) if (!has?.has(name)) count += 1;
    return count;
  }

  /** The number of the set of both, or `a` where there is no room for another one. */
  union(a: number, b: number): number {
    return this.idOf([...(this.#sets[a] ?? []), ...(this.#sets[b] ?? [])]) || a;
  }
}

/** What tells the series of an element from each other. */
function nameOf(labels: Labels): string {
  const { __name__: name = "", metric_id: id } = labels;
  return id === undefined ? name : `${name} ${id}`;
}

/** What tells an element from others; only its own name can hold any character, so it comes last. */
function elementKey(labels: Labels = {}): string {
  return `${labels["SN"]}\0${labels["scrape_interval"]}\0${labels["controller"] ?? ""}\0${labels["Resource"]}\0${labels["Element"]}`;
}

function elementEnd(labels: readonly Labels[], from: number): number {
  const { Element, Resource } = labels[from] as Labels;
  const same = (other: Labels | undefined): boolean =>
    other !== undefined && other["Element"] === Element && other["Resource"] === Resource;
  let to = from + 1;
  while (same(labels[to])) to += 1;
  return to;
}

function sameNames(
  labels: readonly Labels[],
  from: number,
  to: number,
  otherFrom: number,
  otherTo: number,
): boolean {
  if (to - from !== otherTo - otherFrom) return false;
  for (let i = 0; i < to - from; i++) {
    const [one, other] = [labels[from + i], labels[otherFrom + i]];
    if (one?.["__name__"] !== other?.["__name__"]) return false;
    if (one?.["metric_id"] !== other?.["metric_id"]) return false;
  }
  return true;
}
