/** Works off items one at a time, of which only the newest waits. */
export interface NewestSlot<T> {
  /** An item that comes while another is being worked on replaces the one that waits. */
  put(item: T): void;
  /** Gives up what waits. What is being worked on is finished. */
  clear(): void;
  /** Settles when nothing is being worked on. */
  idle(): Promise<void>;
}

/**
 * Makes a slot.
 *
 * @param work - owns its item; never rejects
 * @param drop - is given what is replaced or given up
 */
export function createNewestSlot<T>(
  work: (item: T) => Promise<void>,
  drop: (item: T) => void,
): NewestSlot<T> {
  let running: Promise<void> | undefined;
  let waiting: { readonly item: T } | undefined;
  const run = async (item: T): Promise<void> => {
    for (let next: { readonly item: T } | undefined = { item }; next; ) {
      await work(next.item);
      next = waiting;
      waiting = undefined;
    }
    running = undefined;
  };
  return {
    put(item) {
      if (!running) {
        running = run(item);
        return;
      }
      if (waiting) drop(waiting.item);
      waiting = { item };
    },
    clear() {
      if (waiting) drop(waiting.item);
      waiting = undefined;
    },
    idle: async () => running,
  };
}
