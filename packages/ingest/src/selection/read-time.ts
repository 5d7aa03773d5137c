import { MillraceError } from "@millrace/core";

/** From here on a number is in milliseconds: as seconds it would be the year 5138. */
const FIRST_IN_MS = 1e11;
/** `2025-10-20`, `2025-10-20T00:15`, `2025-10-20T00:15:30.5Z`, `2025-10-20T02:15:00+02:00`. */
const ISO = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/i;

/**
 * A time as a person writes it: ISO 8601, in UTC where it names no zone, or Unix seconds or milliseconds.
 *
 * @param option - who asks, for the message
 * @returns Unix milliseconds
 * @throws MillraceError INVALID_OPTION when it is none of these
 */
export function readTime(text: string, option: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) {
    const number = Number(text);
    return Math.round(number >= FIRST_IN_MS ? number : number * 1000);
  }
  const [, zone] = ISO.exec(text) ?? [];
  const isDate = text.length === 10;
  const ms = ISO.test(text) ? Date.parse(zone === undefined && !isDate ? `${text}Z` : text) : NaN;
  if (Number.isFinite(ms)) return ms;
  throw new MillraceError(
    "INVALID_OPTION",
    `${option}: ${JSON.stringify(text)} is no time; give one such as 2025-10-20T00:15:00Z or Unix seconds.`,
  );
}
