/** The part of an item that one origin contributed. */
export interface OriginShare {
  /** Names the origin for people and reports: `archive.zip!2025-10-20/PerfData_….tgz`, a URL, a path. */
  readonly origin: string;
  /** How much of the item it is, in the flow's own unit: samples for a {@link SeriesBatch}. */
  readonly count: number;
  /** First row of the item's grid that came from here, where the item has rows. */
  readonly firstRow?: number;
  /** Rows that came from here. */
  readonly rowCount?: number;
}

/** An item that knows where it came from: the basis of per-file outcomes, checkpoints and safe deletion. */
export interface Originated {
  /** Every origin with a share in this item. */
  readonly origins: readonly OriginShare[];
}

/**
 * How the reading of an origin ended.
 *
 * `ok`: everything in it was delivered. `partial`: some of it was, the rest was unreadable.
 * `failed`: nothing could be delivered. `skipped`: left out on purpose (an equal copy, say).
 */
export type OriginOutcome = "ok" | "partial" | "failed" | "skipped";

/** How much an item weighs in its flow's unit: the sum of its shares, or 1 for an item without origins. */
export function itemCount(item: unknown): number {
  let count = 0;
  const shares = originsOf(item);
  if (shares === undefined) return 1;
  for (const share of shares) count += share.count;
  return count;
}

/** The shares of an item, or undefined where it carries none. */
export function originsOf(item: unknown): readonly OriginShare[] | undefined {
  if (typeof item !== "object" || item === null || !("origins" in item)) return undefined;
  return Array.isArray(item.origins) ? (item.origins as readonly OriginShare[]) : undefined;
}
