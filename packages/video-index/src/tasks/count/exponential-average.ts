import { MillraceError } from "@millrace/core";
import { type MonoTypeOperatorFunction, map, Observable } from "rxjs";

/**
 * Smooths numbers: each result is `weight` of the new number and the rest of the result before it. The first number
 * passes as it is.
 *
 * @param weight - above 0, up to 1, which changes nothing
 * @throws MillraceError INVALID_OPTION when it is not
 * @example
 * ```ts
 * import { exponentialAverage } from "@millrace/video-index/tasks";
 * import { from } from "rxjs";
 *
 * from([4, 8]).pipe(exponentialAverage(0.25)).subscribe(console.log); // 4, 5
 * ```
 */
export function exponentialAverage(weight: number): MonoTypeOperatorFunction<number> {
  if (!(weight > 0 && weight <= 1)) {
    throw new MillraceError(
      "INVALID_OPTION",
      `exponentialAverage: the weight of a new number must be above 0 and at most 1; it is ${weight}.`,
    );
  }
  return (numbers$) =>
    // Each subscriber has an average of its own.
    new Observable((subscriber) => {
      let average: number | undefined;
      return numbers$
        .pipe(
          map((value) => {
            average = average === undefined ? value : average + weight * (value - average);
            return average;
          }),
        )
        .subscribe(subscriber);
    });
}
