import { MillraceError } from "@millrace/core";
import type { BatcherKnobs } from "./batcher-options.ts";

/** The knobs with nothing left out. */
export interface BatcherSettings {
  readonly maxBatch: number;
  /** Ascending; undefined for any. */
  readonly allowedSizes: readonly number[] | undefined;
  readonly padding: boolean;
  readonly budget: number;
  readonly capacity: number;
  readonly ageingMs: number;
  readonly slots: number;
  readonly targetP99Ms: number;
}

const DEFAULTS: BatcherSettings = {
  maxBatch: 32,
  allowedSizes: undefined,
  padding: true,
  budget: Number.POSITIVE_INFINITY,
  capacity: 1024,
  ageingMs: 1000,
  slots: 1,
  targetP99Ms: Number.POSITIVE_INFINITY,
};

/**
 * Lays knobs over settings, and checks the result.
 *
 * @throws MillraceError INVALID_OPTION naming the knob
 */
export function batcherSettings(
  knobs: BatcherKnobs,
  before: BatcherSettings = DEFAULTS,
): BatcherSettings {
  const given = Object.entries(knobs).filter(
    ([name, value]) => name in DEFAULTS && value !== undefined,
  );
  const settings: BatcherSettings = { ...before, ...Object.fromEntries(given) };
  for (const name of ["maxBatch", "capacity", "slots"] as const) {
    const value = settings[name];
    if (!Number.isInteger(value) || value < 1)
      throw wrong(name, value, "a whole number of 1 or more");
  }
  for (const name of ["budget", "ageingMs", "targetP99Ms"] as const) {
    const value = settings[name];
    if (!(value > 0)) throw wrong(name, value, "a number above 0");
  }
  const { allowedSizes, maxBatch, padding } = settings;
  if (allowedSizes === undefined) return settings;
  const sizes = [...new Set(allowedSizes)].sort((a, b) => a - b);
  const sound = sizes.every((size) => Number.isInteger(size) && size >= 1);
  if (!sound || (sizes[0] ?? Number.POSITIVE_INFINITY) > maxBatch) {
    throw wrong("allowedSizes", `[${sizes.join(", ")}]`, `sizes from 1 to maxBatch, ${maxBatch}`);
  }
  if (!padding && sizes[0] !== 1) {
    throw wrong("allowedSizes", `[${sizes.join(", ")}]`, "1 as well, as there is no padding");
  }
  return { ...settings, allowedSizes: sizes.filter((size) => size <= maxBatch) };
}

/** Most requests that a batch may have, whatever the limit of the moment. */
export function largestSize({ allowedSizes, maxBatch }: BatcherSettings): number {
  return allowedSizes?.at(-1) ?? maxBatch;
}

/** How many of `available` requests go, where `wanted` were best, and as which size. */
export function fittedSize(
  { allowedSizes, padding }: BatcherSettings,
  wanted: number,
  available: number,
): { readonly count: number; readonly size: number } {
  if (allowedSizes === undefined) return { count: wanted, size: wanted };
  if (padding) {
    const size = allowedSizes.find((allowed) => allowed >= wanted) ?? wanted;
    // Places that would be padded cost nothing more when they are taken.
    return { count: Math.min(size, available), size };
  }
  const size = allowedSizes.findLast((allowed) => allowed <= wanted) ?? 1;
  return { count: size, size };
}

function wrong(name: string, value: unknown, wanted: string): MillraceError {
  return new MillraceError("INVALID_OPTION", `batcher: ${name} is ${value}; give ${wanted}.`);
}
