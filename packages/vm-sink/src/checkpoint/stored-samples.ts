import { randomUUID } from "node:crypto";
import { type Labels, MillraceError } from "@millrace/core";
import type { Client } from "../wire/client.ts";
import { SampleBag } from "./sample-bag.ts";

/** Series asked for at once: each is looked up by itself, and the answer is read line by line. */
const SERIES_A_QUESTION = 256;
/** The bounds go over the wire as seconds with a fraction; what they round to is cut here. */
const SPARE_MS = 1_000;

/**
 * Every sample that a database holds of some series between two times (inclusive), duplicates included.
 *
 * What was just written is made visible first (`/internal/force_flush`).
 *
 * @throws MillraceError REMOTE_FAILED when the database does not answer, or not as expected
 */
export async function storedSamples(
  client: Client,
  series: readonly Labels[],
  firstMs: number,
  lastMs: number,
): Promise<SampleBag> {
  await client.get("/internal/force_flush");
  const bag = new SampleBag();
  for (let from = 0; from < series.length; from += SERIES_A_QUESTION) {
    const form = new URLSearchParams({
      start: String((firstMs - SPARE_MS) / 1000),
      end: String((lastMs + SPARE_MS) / 1000),
    });
    // The database remembers for some seconds which series a selector matches and would not see new
    // ones; so no two questions are alike.
    const unique = randomUUID();
    for (const labels of series.slice(from, from + SERIES_A_QUESTION)) {
      form.append("match[]", selectorOf(labels, unique));
    }
    for await (const line of client.lines("/api/v1/export", form)) {
      const { metric, values, timestamps } = parsed(line, client);
      for (let i = 0; i < timestamps.length; i++) {
        const timeMs = timestamps[i] as number;
        if (timeMs < firstMs || timeMs > lastMs) continue;
        bag.add(metric, timeMs, values[i] as number);
      }
    }
  }
  return bag;
}

/** Matches the series, and also those with further labels: the bag tells them apart. */
function selectorOf(labels: Labels, unique: string): string {
  const parts = Object.entries(labels)
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `${labelName(name)}=${JSON.stringify(value.toWellFormed())}`);
  return `{${[...parts, `millrace_question!="${unique}"`].join(",")}}`;
}

/** MetricsQL takes any character in a name after a backslash. */
function labelName(name: string): string {
  return name.replace(/[^\p{L}\p{N}_:]/gu, "\\$&").replace(/^\d/, "\\$&");
}

interface ExportedSeries {
  readonly metric: Labels;
  readonly values: readonly number[];
  readonly timestamps: readonly number[];
}

function parsed(line: string, client: Client): ExportedSeries {
  try {
    const series = JSON.parse(line) as ExportedSeries;
    if (series.values.length === series.timestamps.length) return series;
  } catch {
    // Told below.
  }
  throw new MillraceError(
    "REMOTE_FAILED",
    `${client.endpoint.shown} exported a line that is none: ${line.slice(0, 120)}`,
    { retryable: true },
  );
}
