import type { Labels, SeriesSamples } from "@millrace/core";

/** Reads lines that {@link jsonLines} wrote, back into series: for the rare body that was refused. */
export function readJsonLines(text: string): readonly SeriesSamples[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const { metric, values, timestamps } = JSON.parse(line) as {
        readonly metric: Labels;
        readonly values: readonly number[];
        readonly timestamps: readonly number[];
      };
      return {
        labels: metric,
        timesMs: Float64Array.from(timestamps),
        values: Float64Array.from(values),
      };
    });
}
