/** Requests under way, a few at once. */
export interface InFlight {
  /** Starts one as soon as there is room for it. */
  add(start: () => Promise<void>): Promise<void>;
  /** Waits for all of them. */
  end(): Promise<void>;
}

/** Lets `most` requests be under way at once, as the sink does by its connections. */
export function inFlight(most: number): InFlight {
  const underWay = new Set<Promise<void>>();
  return {
    async add(start) {
      while (underWay.size >= most) await Promise.race(underWay);
      const request = start().finally(() => underWay.delete(request));
      underWay.add(request);
    },
    async end() {
      await Promise.all(underWay);
    },
  };
}
