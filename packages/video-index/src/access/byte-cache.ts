/** What a cache has done so far. */
export interface ByteCacheStats {
  readonly entries: number;
  readonly sizeBytes: number;
  readonly maxBytes: number;
  readonly hits: number;
  readonly misses: number;
  readonly evictions: number;
}

/** How dear an entry is. */
export interface EntryPrice {
  readonly sizeBytes: number;
  /** Work that making it again would take, in any unit that is the same for all entries. At least 1. */
  readonly cost: number;
}

/** Things in memory within a budget of bytes. */
export interface ByteCache<V> {
  /** The entry, which stays the cache's; it counts as a hit or a miss. */
  get(key: string): V | undefined;
  /** Whether it is there, without counting. */
  has(key: string): boolean;
  /** Takes an entry over, in place of one of the same key. One that is larger than the budget is let go at once. */
  set(key: string, value: V, price: EntryPrice): void;
  /** Lets go of all entries whose key begins so. */
  drop(prefix: string): void;
  readonly stats: ByteCacheStats;
}

interface Entry<V> {
  readonly value: V;
  readonly sizeBytes: number;
  readonly cost: number;
  uses: number;
  /** Who has the least of it goes first. */
  priority: number;
}

/**
 * A cache that lets go first of what is large, cheap to make again and seldom asked for: GreedyDual-Size-Frequency
 * (Cherkasova, HP Laboratories HPL-98-69R1). An entry's priority is its uses × cost / size, on top of the priority of
 * the last one that had to go, so that what was popular long ago ages.
 *
 * @param maxBytes - the budget; entries never exceed it together
 * @param release - called once for every entry that goes
 */
export function byteCache<V>(maxBytes: number, release: (value: V) => void): ByteCache<V> {
  const entries = new Map<string, Entry<V>>();
  let sizeBytes = 0;
  let age = 0;
  let hits = 0;
  let misses = 0;
  let evictions = 0;
  const rate = (entry: Entry<V>): void => {
    entry.priority = age + (entry.uses * entry.cost) / entry.sizeBytes;
  };
  const remove = (key: string, entry: Entry<V>): void => {
    entries.delete(key);
    sizeBytes -= entry.sizeBytes;
    release(entry.value);
  };
  const evictOne = (): void => {
    let least: [string, Entry<V>] | undefined;
    for (const candidate of entries) {
      if (least === undefined || candidate[1].priority < least[1].priority) least = candidate;
    }
    if (least === undefined) return;
    age = least[1].priority;
    evictions += 1;
    remove(...least);
  };
  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) {
        misses += 1;
        return undefined;
      }
      hits += 1;
      entry.uses += 1;
      rate(entry);
      return entry.value;
    },
    has: (key) => entries.has(key),
    set(key, value, price) {
      const old = entries.get(key);
      if (old !== undefined) remove(key, old);
      // What takes no room would be kept without end.
      const ownBytes = Math.max(1, price.sizeBytes);
      if (ownBytes > maxBytes) {
        release(value);
        return;
      }
      while (sizeBytes + ownBytes > maxBytes) evictOne();
      const entry = {
        value,
        sizeBytes: ownBytes,
        cost: price.cost,
        uses: 1,
        priority: 0,
      };
      rate(entry);
      entries.set(key, entry);
      sizeBytes += entry.sizeBytes;
    },
    drop(prefix) {
      for (const [key, entry] of entries) if (key.startsWith(prefix)) remove(key, entry);
    },
    get stats() {
      return { entries: entries.size, sizeBytes, maxBytes, hits, misses, evictions };
    },
  };
}
