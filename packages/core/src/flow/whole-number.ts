import { MillraceError } from "../errors.ts";

/**
 * Checks a bound that a user gave.
 *
 * @param option - for the message: `mergePull: concurrency`
 * @throws MillraceError INVALID_OPTION when it is no whole number of `least` or more
 */
export function wholeNumber(option: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least) return;
  throw new MillraceError(
    "INVALID_OPTION",
    `${option} is ${value}; give a whole number of ${least} or more.`,
  );
}
