/** Where a batcher takes time from; tests hand it one of their own. */
export interface BatcherClock {
  /** Milliseconds since any fixed moment, never going back. */
  nowMs(): number;
  /** The shortest time after which {@link BatcherClock.after} calls back, besides 0. @defaultValue 0 */
  readonly resolutionMs?: number;
  /**
   * Calls back once after so many milliseconds. With 0, after everything that is ready now, such as the other
   * requests that one event brings.
   *
   * @returns what cancels it
   */
  after(delayMs: number, callback: () => void): () => void;
}

/** The time of this process. */
export const systemClock: BatcherClock = {
  nowMs: () => performance.now(),
  // setTimeout takes whole milliseconds.
  resolutionMs: 1,
  after(delayMs, callback) {
    if (delayMs <= 0) {
      const immediate = setImmediate(callback);
      return () => clearImmediate(immediate);
    }
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};
