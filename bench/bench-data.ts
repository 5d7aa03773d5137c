import { type Labels, type SeriesBatch, type SeriesTable, seriesBatch } from "@millrace/core";

/** How much data, and of what kind. */
export interface DataSize {
  readonly series: number;
  readonly days: number;
  /** Whole numbers as they come from archives, or the same divided by 100, as doubles. */
  readonly values: "whole" | "doubles";
}

/** What every series carries, so that a database can be asked for all of them. */
export const DATA_LABELS: Labels = { source: "bench" };

const FIRST_DAY_MS = Date.UTC(2025, 0, 6);
const DAY_MS = 86_400_000;
const STEP_MS = 300_000;
const TIMES_A_DAY = DAY_MS / STEP_MS;
/** As many as a file of an archive holds, about. */
const SERIES_A_BATCH = 500;

/** The samples that a size comes to. */
export function dataSamples({ series, days }: DataSize): number {
  return series * days * TIMES_A_DAY;
}

/** First and last time, Unix milliseconds. */
export function dataRange({ days }: DataSize): { readonly fromMs: number; readonly toMs: number } {
  return { fromMs: FIRST_DAY_MS, toMs: FIRST_DAY_MS + days * DAY_MS - STEP_MS };
}

/**
 * Made-up metrics of a storage network, the same at every call: a day in steps of five minutes a batch,
 * five labels a series; of 20 series 3 stay where they are, 7 go in small steps, 10 are noise.
 */
export function benchData(size: DataSize): readonly SeriesBatch[] {
  const table: SeriesTable = {
    id: "bench",
    labels: Array.from({ length: size.series }, (_, series) => ({
      __name__: `pm_counter_${series % 40}_value`,
      cell: String(series % 7),
      host: `ne-${String(Math.floor(series / 40)).padStart(5, "0")}`,
      region: `r${Math.floor(series / 1000)}`,
      site: `site-${Math.floor(series / 280)}`,
      ...DATA_LABELS,
    })),
  };
  const random = randomNumbers(1);
  const batches: SeriesBatch[] = [];
  for (let day = 0; day < size.days; day++) {
    for (let firstSeries = 0; firstSeries < size.series; firstSeries += SERIES_A_BATCH) {
      const seriesCount = Math.min(SERIES_A_BATCH, size.series - firstSeries);
      const whole = walks(firstSeries, seriesCount, random);
      batches.push(
        seriesBatch({
          table,
          firstSeries,
          seriesCount,
          grid: { startMs: FIRST_DAY_MS + day * DAY_MS, stepMs: STEP_MS, count: TIMES_A_DAY },
          values:
            size.values === "whole" ? whole : Float64Array.from(whole, (value) => value / 100),
          origins: [{ origin: `day ${day}`, count: whole.length }],
        }),
      );
    }
  }
  return batches;
}

function walks(firstSeries: number, seriesCount: number, random: () => number): Int32Array {
  const values = new Int32Array(seriesCount * TIMES_A_DAY);
  for (let row = 0; row < seriesCount; row++) {
    const kind = (firstSeries + row) % 20;
    const stride = kind < 3 ? 0 : kind < 10 ? 40 : 60_000;
    let value = Math.floor(random() * (kind < 10 ? 5_000 : 2_000_000));
    for (let t = 0; t < TIMES_A_DAY; t++) {
      values[row * TIMES_A_DAY + t] = value;
      value = Math.max(0, value + Math.trunc((random() - 0.5) * stride));
    }
  }
  return values;
}

/** Marsaglia's xorshift with 32 bits, 0 to 1. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
