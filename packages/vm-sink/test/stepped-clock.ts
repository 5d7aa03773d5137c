/** Lines of a `/metrics` page that tell a time: of the start, and since then. */
const START = /^(vm_app_start_timestamp|process_start_time_seconds) (\d+)$/gm;
const UPTIME = /^(vm_app_uptime_seconds) (\d+)$/gm;

/** Which of the times on a page follow a step. */
export type SteppedTimes = "start" | "uptime" | "both";

/**
 * What a server would say whose clock is stepped, made of what one says whose clock is not: a program of Go
 * asks the kernel itself, so no library can be put before it, and the machine's own clock stays as it is.
 */
export class SteppedClock {
  /** Seconds by which the server's clock is wrong. */
  #offset = 0;
  #steps = 0;
  #pinned: string | undefined;
  readonly #times: SteppedTimes;
  readonly #isPinned: boolean;

  /**
   * @param times - which times on a page follow a step
   * @param isPinned - after every restart the clock is stepped back so that the second of the start is the
   *   first one's again
   */
  constructor(times: SteppedTimes, isPinned = false) {
    this.#times = times;
    this.#isPinned = isPinned;
  }

  get steps(): number {
    return this.#steps;
  }

  /** Forwards, or with a negative number backwards. */
  step(seconds: number): void {
    this.#offset += seconds;
    this.#steps += 1;
  }

  /** The page of `/metrics` as such a server would write it. */
  page(text: string): string {
    let page = text;
    if (this.#times !== "uptime") {
      page = page.replace(START, (_, name: string, value: string) => {
        if (this.#isPinned) this.#pinned ??= value;
        return `${name} ${Number(this.#pinned ?? value) + this.#offset}`;
      });
    }
    if (this.#times === "start") return page;
    return page.replace(
      UPTIME,
      (_, name: string, value: string) => `${name} ${Math.max(0, Number(value) + this.#offset)}`,
    );
  }

  /** The `Date` of an answer. */
  date(text: string): string {
    return new Date(Date.parse(text) + this.#offset * 1000).toUTCString();
  }
}
