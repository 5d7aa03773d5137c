import { MillraceError } from "@millrace/core";
import { type MonoTypeOperatorFunction, map, Observable } from "rxjs";

/** What {@link trimmedMedian} takes. */
export interface TrimmedMedianOptions {
  /** How many of the last numbers count; fewer do until there are so many. */
  readonly size: number;
  /**
   * The part of them that is left out at either end, 0 to 0.5: 0.5 is the median, 0 the moving average.
   *
   * @defaultValue 0.25
   */
  readonly trim?: number;
}

/**
 * Smooths numbers against outliers: the mean of the middle of the last ones, sorted.
 *
 * @throws MillraceError INVALID_OPTION when an option is out of its range
 * @example
 * ```ts
 * import { trimmedMedian } from "@millrace/video-index/tasks";
 * import { from } from "rxjs";
 *
 * from([5, 90, 6]).pipe(trimmedMedian({ size: 3, trim: 0.5 })).subscribe(console.log); // 5, 47.5, 6
 * ```
 */
export function trimmedMedian(options: TrimmedMedianOptions): MonoTypeOperatorFunction<number> {
  const { size, trim = 0.25 } = options;
  if (!Number.isInteger(size) || size < 1 || !(trim >= 0 && trim <= 0.5)) {
    throw new MillraceError(
      "INVALID_OPTION",
      `trimmedMedian: size must be a whole number from 1 on and trim lie between 0 and 0.5; they are ${size} and ${trim}.`,
    );
  }
  return (numbers$) =>
    new Observable((subscriber) => {
      const last: number[] = [];
      return numbers$
        .pipe(
          map((value) => {
            last.push(value);
            if (last.length > size) last.shift();
            return middleMean(last, trim);
          }),
        )
        .subscribe(subscriber);
    });
}

function middleMean(values: readonly number[], trim: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  // One number or two always stay.
  const cut = Math.min(Math.floor(values.length * trim), Math.ceil(values.length / 2) - 1);
  const middle = sorted.slice(cut, values.length - cut);
  return middle.reduce((sum, value) => sum + value, 0) / middle.length;
}
