/** Runs what concerns one key one after another. */
export type InTurn = <T>(key: string, work: () => Promise<T>) => Promise<T>;

/** Makes the queues, which exist as long as something waits in them. */
export function inTurn(): InTurn {
  const last = new Map<string, Promise<unknown>>();
  return async (key, work) => {
    const before = last.get(key) ?? Promise.resolve();
    const own = before.then(work, work);
    last.set(key, own);
    try {
      return await own;
    } finally {
      if (last.get(key) === own) last.delete(key);
    }
  };
}
