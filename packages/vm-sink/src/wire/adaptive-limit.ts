/** Requests that make one judgement: enough for a 95th percentile that is not simply the slowest one. */
const WINDOW = 20;
/** Latency may grow by this much, compared with the best of all windows, and still count as stable. */
const STABLE = 1.5;
const FIRST = 2;

/** How a request ended, as far as its number matters. */
export type Outcome =
  /** Answered. */
  | "ok"
  /** The server has too much to do: 429, 503, or no answer in time. */
  | "overloaded"
  /** It failed for another reason, which says nothing about load. */
  | "failed";

/**
 * How many requests may be under way at once, found out while they are (additive increase, multiplicative
 * decrease): one more while their 95th percentile stays near the best that was seen, half as many when
 * the server has too much to do.
 *
 * On a server at its limit, n requests take n times as long, so growth ends by itself at the knee.
 */
export class AdaptiveLimit {
  readonly #most: () => number;
  readonly #waiting: (() => void)[] = [];
  #limit = FIRST;
  #busy = 0;
  #latencies: number[] = [];
  #bestMs = Number.POSITIVE_INFINITY;
  /** Requests that began before the last decrease say nothing about it. */
  #generation = 0;

  /** @param most - asked each time, as it becomes known only once the server has answered */
  constructor(most: () => number) {
    this.#most = most;
  }

  /** Requests that may be under way now. */
  get current(): number {
    return Math.max(1, Math.min(this.#limit, this.#most()));
  }

  /**
   * Runs a request as soon as there is room for it.
   *
   * @param outcomeOf - judges what the request gave or threw
   */
  async run<T>(
    request: () => Promise<T>,
    outcomeOf: (ended: { readonly value: T } | { readonly error: unknown }) => Outcome,
  ): Promise<T> {
    while (this.#busy >= this.current) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#busy += 1;
    const generation = this.#generation;
    const startedMs = performance.now();
    try {
      const value = await request();
      this.note(outcomeOf({ value }), performance.now() - startedMs, generation);
      return value;
    } catch (error) {
      this.note(outcomeOf({ error }), performance.now() - startedMs, generation);
      throw error;
    } finally {
      this.#busy -= 1;
      for (let free = this.current - this.#busy; free > 0; free--) this.#waiting.shift()?.();
    }
  }

  /** Takes a finished request into account; {@link run} does. */
  note(outcome: Outcome, latencyMs: number, generation: number = this.#generation): void {
    // What was under way before the last change was measured under another limit.
    if (outcome === "failed" || generation !== this.#generation) return;
    if (outcome === "overloaded") {
      this.#change(Math.max(1, Math.floor(this.current / 2)));
      return;
    }
    this.#latencies.push(latencyMs);
    if (this.#latencies.length < WINDOW) return;
    const sorted = this.#latencies.toSorted((a, b) => a - b);
    const p95Ms = sorted[Math.ceil(sorted.length * 0.95) - 1] as number;
    this.#bestMs = Math.min(this.#bestMs, p95Ms);
    const grows = p95Ms <= this.#bestMs * STABLE && this.#limit < this.#most();
    this.#change(this.#limit + (grows ? 1 : 0));
  }

  #change(limit: number): void {
    this.#limit = limit;
    this.#latencies = [];
    this.#generation += 1;
  }
}
