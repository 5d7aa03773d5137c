import { type Labels, MillraceError } from "@millrace/core";
import type { Client } from "./client.ts";

/** Samples of one series, as the database exports them: a line; a series may have several. */
export interface ExportedSeries {
  readonly metric: Labels;
  readonly values: readonly number[];
  /** Unix milliseconds. */
  readonly timestamps: readonly number[];
}

/** The bounds go over the wire as seconds with a fraction, which may round; what is beyond them is cut. */
const SPARE_MS = 1_000;

/** What to export. */
export interface ExportQuestion {
  readonly selectors: readonly string[];
  /** First and last time, both inclusive, Unix milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Exports series, line by line as they come: what the database stores, or what its deduplication leaves.
 *
 * Without `reduce_mem_usage`, which gives some series the times or values of their neighbours: 83 of 800
 * exports of 55 series were wrong with 1.79.5, 1 of 800 with 1.145.0.
 *
 * @throws MillraceError REMOTE_FAILED when the database does not answer, or not as expected
 */
export async function* exportedSeries(
  client: Client,
  { selectors, fromMs, toMs }: ExportQuestion,
): AsyncGenerator<ExportedSeries> {
  const form = new URLSearchParams({
    start: String(Math.max(0, fromMs - SPARE_MS) / 1000),
    end: String((toMs + SPARE_MS) / 1000),
  });
  for (const selector of selectors) form.append("match[]", selector);
  for await (const line of client.lines("/api/v1/export", form)) {
    const series = parsed(line, client);
    if (series.timestamps.every((timeMs) => timeMs >= fromMs && timeMs <= toMs)) yield series;
    else {
      const keep = (_: number, i: number): boolean => {
        const timeMs = series.timestamps[i] as number;
        return timeMs >= fromMs && timeMs <= toMs;
      };
      const { metric, values, timestamps } = series;
      yield { metric, values: values.filter(keep), timestamps: timestamps.filter(keep) };
    }
  }
}

function parsed(line: string, { endpoint }: Client): ExportedSeries {
  try {
    const series = JSON.parse(line) as ExportedSeries;
    if (series.values.length === series.timestamps.length) return series;
  } catch {
    // Told below.
  }
  throw new MillraceError(
    "REMOTE_FAILED",
    `${endpoint.shown} exported no series, but ${line.slice(0, 200)}`,
    { retryable: true },
  );
}
