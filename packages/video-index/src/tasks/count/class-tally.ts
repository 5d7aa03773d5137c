/** How many, in all and by class name. */
export interface ClassCounts {
  readonly total: number;
  /** Classes that have been seen. */
  readonly byClass: ReadonlyMap<string, number>;
}

/** Counts that change, and pictures of them that do not. */
export interface ClassTally {
  add(className: string, count?: number): void;
  /** The counts as they are now. */
  counts(): ClassCounts;
}

/** Makes a tally that begins at nothing. */
export function classTally(): ClassTally {
  let total = 0;
  const byClass = new Map<string, number>();
  let picture: ClassCounts | undefined;
  return {
    add(className, count = 1) {
      total += count;
      byClass.set(className, (byClass.get(className) ?? 0) + count);
      picture = undefined;
    },
    counts() {
      // Most frames change nothing.
      picture ??= { total, byClass: new Map(byClass) };
      return picture;
    },
  };
}
