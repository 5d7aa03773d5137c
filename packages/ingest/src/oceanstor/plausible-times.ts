import { MillraceError } from "@millrace/core";

/** Times that are believed. */
export interface TimeBounds {
  /** Unix milliseconds. @defaultValue 2001-01-01 */
  readonly earliestMs: number;
  /** Unix milliseconds. @defaultValue one day from now */
  readonly latestMs: number;
}

/**
 * A clock that was never set says 1970 or, as many clock chips do, 2000; no OceanStor array is as old.
 */
const EARLIEST_MS = Date.UTC(2001, 0, 1);
/**
 * Half of what VictoriaMetrics takes (`-futureRetention`). A clock that shows local time as UTC is at most
 * 14 hours ahead; one that is further ahead is wrong, and its samples with it.
 */
const LATEST_AHEAD_MS = 86_400_000;

/**
 * The bounds given, and the defaults for what is left out.
 *
 * @throws MillraceError INVALID_OPTION when no time is between them
 */
export function timeBounds(given: Partial<TimeBounds> = {}): TimeBounds {
  const { earliestMs = EARLIEST_MS, latestMs = Date.now() + LATEST_AHEAD_MS } = given;
  if (earliestMs <= latestMs) return { earliestMs, latestMs };
  throw new MillraceError(
    "INVALID_OPTION",
    `times: earliestMs is ${earliestMs} and latestMs ${latestMs}; give two times, the earlier one first.`,
  );
}

/**
 * Refuses a block of rows at impossible times: a database would drop them, or refuse the whole load.
 *
 * @param what - the block, in words
 * @throws MillraceError CORRUPT_INPUT naming the time
 */
export function checkTimes(
  what: string,
  firstMs: number,
  lastMs: number,
  { earliestMs, latestMs }: TimeBounds,
): void {
  const wrong =
    firstMs < earliestMs
      ? `begins ${shown(firstMs)}, before ${shown(earliestMs)}`
      : lastMs > latestMs
        ? `reaches to ${shown(lastMs)}, beyond ${shown(latestMs)}`
        : undefined;
  if (wrong === undefined) return;
  throw new MillraceError(
    "CORRUPT_INPUT",
    `${what} ${wrong}: it is damaged, or a clock was wrong; widen the option "times" if it is right.`,
  );
}

/** A Date holds nothing later. */
const LAST_DATE_MS = 8.64e15;

function shown(ms: number): string {
  return Math.abs(ms) <= LAST_DATE_MS ? new Date(ms).toISOString() : `${ms / 1000} s after 1970`;
}
