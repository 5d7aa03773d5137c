const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** VictoriaMetrics counts a month as 31 days and a year as 365. */
const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: HOUR_MS,
  d: DAY_MS,
  w: 7 * DAY_MS,
  y: 365 * DAY_MS,
};
const MONTH_MS = 31 * DAY_MS;
const PART = /(\d+(?:\.\d+)?)(ms|[smhdwy])?/g;

/**
 * The length of a duration flag such as `-retentionPeriod`: `100y`, `12h30m`, or a bare number of months.
 *
 * @returns milliseconds, or undefined for text of another form
 */
export function durationMs(flag: string): number | undefined {
  const text = flag.trim();
  if (text === "" || text.replace(PART, "") !== "") return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(PART)) {
    total += Number(amount) * (unit === undefined ? MONTH_MS : (UNIT_MS[unit] ?? 0));
  }
  return total;
}
