/** Days since 1970, UTC, both inclusive. */
export interface DayRange {
  readonly first: number;
  readonly last: number;
}

/** A set of days that remembers ranges, not days: years of a load cost a few numbers. */
export class DayCover {
  /** Apart from each other and ascending. */
  #ranges: readonly DayRange[] = [];

  get ranges(): readonly DayRange[] {
    return this.#ranges;
  }

  /** Adds a range and returns the parts of it that are new. */
  add({ first, last }: DayRange): readonly DayRange[] {
    const added: DayRange[] = [];
    const merged: DayRange[] = [];
    let [from, start, end] = [first, first, last];
    for (const range of this.#ranges) {
      if (range.last < first - 1 || range.first > last + 1) {
        merged.push(range);
        continue;
      }
      if (range.first > from) added.push({ first: from, last: range.first - 1 });
      from = range.last + 1;
      start = Math.min(start, range.first);
      end = Math.max(end, range.last);
    }
    if (from <= last) added.push({ first: from, last });
    merged.push({ first: start, last: end });
    this.#ranges = merged.toSorted((a, b) => a.first - b.first);
    return added;
  }
}
