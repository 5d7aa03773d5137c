import { gridTimes, MillraceError, type TimeGrid } from "@millrace/core";

/** Text of every time of a grid, made once for all series of a join. */
export class GridTexts {
  readonly #write: (timeMs: number) => string;
  #grid: TimeGrid | undefined;
  #texts: readonly Uint8Array[] = [];
  #longest = 0;

  /** @param write - text of one time, in ASCII */
  constructor(write: (timeMs: number) => string) {
    this.#write = write;
  }

  /** Length of the longest text that `of` returned last. */
  get longest(): number {
    return this.#longest;
  }

  /**
   * @returns one text a time, in order
   * @throws MillraceError SINK_REJECTED for a time that no calendar has
   */
  of(grid: TimeGrid): readonly Uint8Array[] {
    if (this.#grid !== undefined && sameGrid(this.#grid, grid)) return this.#texts;
    const parts = Array.from(gridTimes(grid), (timeMs) => Buffer.from(this.#write(timeMs)));
    this.#texts = parts;
    this.#longest = parts.reduce((longest, { length }) => Math.max(longest, length), 0);
    this.#grid = grid;
    return parts;
  }
}

/** Whether two grids are known to have the same times. */
export function sameGrid(a: TimeGrid, b: TimeGrid): boolean {
  if ("timesMs" in a || "timesMs" in b) return a === b;
  return a.startMs === b.startMs && a.stepMs === b.stepMs && a.count === b.count;
}

/** `2025-10-26T00:30:00Z`, with milliseconds where there are any. */
export function isoTime(timeMs: number): string {
  return dateOf(timeMs).toISOString().replace(".000Z", "Z");
}

/** Unix seconds as `1760918640.0`. */
export function unixTime(timeMs: number): string {
  const text = String(timeMs / 1000);
  return text.includes(".") ? text : `${text}.0`;
}

/** `10/26/25 00:30:00` in UTC, with milliseconds where there are any. */
export function americanTime(timeMs: number): string {
  const [date = "", time = ""] = isoTime(timeMs).split("T");
  const [day, month, year = ""] = date.split("-").reverse();
  return `${month}/${day}/${year.slice(-2)} ${time.slice(0, -1)}`;
}

function dateOf(timeMs: number): Date {
  const date = new Date(timeMs);
  if (!Number.isNaN(date.getTime())) return date;
  throw new MillraceError(
    "SINK_REJECTED",
    `A sample has the time ${timeMs} ms, which no calendar has. Are the times in milliseconds?`,
  );
}
