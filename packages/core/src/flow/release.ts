/** An item that can free its memory early; see {@link SeriesBatch.release}. */
interface Releasable {
  release(): void;
}

/** Frees what an item holds, where it can. */
export function releaseItem(item: unknown): void {
  if (isReleasable(item)) item.release();
}

/**
 * The same item for two consumers: it is freed when both have released it.
 *
 * @returns one item for each; the item itself, twice, where there is nothing to free
 */
export function shareItem<T>(item: T): readonly [T, T] {
  if (!isReleasable(item)) return [item, item];
  let holders = 2;
  const share = (): T => {
    let held = true;
    return {
      ...item,
      release() {
        if (!held) return;
        held = false;
        holders -= 1;
        if (holders === 0) item.release();
      },
    };
  };
  return [share(), share()];
}

function isReleasable(item: unknown): item is Releasable {
  return (
    typeof item === "object" &&
    item !== null &&
    "release" in item &&
    typeof item.release === "function"
  );
}
