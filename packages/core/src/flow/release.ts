/** An item that can free its memory early; see {@link SeriesBatch.release}. */
interface Releasable {
  release(): void;
}

/** Frees what an item holds, where it can. */
export function releaseItem(item: unknown): void {
  if (isReleasable(item)) item.release();
}

/**
 * The same item for several consumers: it is freed when all of them have released it.
 *
 * @param holders - how many consumers
 * @returns one item for each; the item itself, again and again, where there is nothing to free
 */
export function shareItem<T>(item: T, holders: number): readonly T[] {
  if (!isReleasable(item)) return Array.from({ length: holders }, () => item);
  let holding = holders;
  return Array.from({ length: holders }, (): T => {
    let held = true;
    return {
      ...item,
      release() {
        if (!held) return;
        held = false;
        holding -= 1;
        if (holding === 0) item.release();
      },
    };
  });
}

function isReleasable(item: unknown): item is Releasable {
  return (
    typeof item === "object" &&
    item !== null &&
    "release" in item &&
    typeof item.release === "function"
  );
}
