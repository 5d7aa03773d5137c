/** Calls many again and again with one timer between them. */
export interface Ticks {
  /** Calls every few milliseconds until the returned function is called. */
  start(work: () => void): () => void;
}

/**
 * Makes a {@link Ticks}, whose timer runs only while somebody is called. One for all viewers of a process is what it
 * is for: a timer for each packet would cost more than the packet.
 */
export function createTicks(intervalMs = 5): Ticks {
  const works = new Set<() => void>();
  let timer: ReturnType<typeof setInterval> | undefined;
  return {
    start(work) {
      // Its own function, so that the same work may be started twice.
      const own = (): void => work();
      works.add(own);
      timer ??= setInterval(() => {
        for (const each of works) each();
      }, intervalMs);
      return () => {
        works.delete(own);
        if (works.size > 0) return;
        clearInterval(timer);
        timer = undefined;
      };
    },
  };
}
