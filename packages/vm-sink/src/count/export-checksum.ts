import type { Labels } from "@millrace/core";
import { MillraceError } from "@millrace/core";
import { seriesKey } from "../checkpoint/series-keys.ts";
import type { Client } from "../wire/client.ts";
import { isTooMuch } from "./count-series.ts";
import { type Question, selectorOf } from "./count-window.ts";
import { SampleChecksum } from "./sample-checksum.ts";

/** The bounds go over the wire as seconds with a fraction; what they round to is cut here. */
const SPARE_MS = 1_000;

/**
 * The checksum of every sample of a question, duplicates included, as the database exports it, line by
 * line; in parts, by name, where it refuses so many series at once.
 *
 * @param deduplicates - the database removes equal samples, some of them only when it shows them
 * @throws MillraceError REMOTE_FAILED when the database does not answer, or not as expected
 */
export async function exportChecksum(
  client: Client,
  question: Question,
  deduplicates: boolean,
): Promise<SampleChecksum> {
  try {
    return await exportOnce(client, question, deduplicates);
  } catch (error) {
    const { names = [] } = question;
    if (names.length < 2 || !isTooMuch(error)) throw error;
    const middle = names.length >> 1;
    const [first, second] = [names.slice(0, middle), names.slice(middle)];
    const sum = await exportChecksum(client, { ...question, names: first }, deduplicates);
    sum.addAll(await exportChecksum(client, { ...question, names: second }, deduplicates));
    return sum;
  }
}

async function exportOnce(
  client: Client,
  question: Question,
  deduplicates: boolean,
): Promise<SampleChecksum> {
  const { fromMs, toMs } = question;
  const form = new URLSearchParams({
    "match[]": selectorOf(question),
    start: String(Math.max(0, fromMs - SPARE_MS) / 1000),
    end: String((toMs + SPARE_MS) / 1000),
    // Easier for the database, but then it shows what it has yet to remove.
    ...(deduplicates ? {} : { reduce_mem_usage: "1" }),
  });
  const sum = new SampleChecksum();
  for await (const line of client.lines("/api/v1/export", form)) {
    const { metric, timestamps, values } = parsed(line, client);
    const key = seriesKey(metric);
    for (let i = 0; i < timestamps.length; i++) {
      const timeMs = timestamps[i] as number;
      if (timeMs >= fromMs && timeMs <= toMs) sum.add(key, timeMs, values[i] as number);
    }
  }
  return sum;
}

interface ExportedSeries {
  readonly metric: Labels;
  readonly values: readonly number[];
  readonly timestamps: readonly number[];
}

function parsed(line: string, { endpoint }: Client): ExportedSeries {
  try {
    return JSON.parse(line) as ExportedSeries;
  } catch {
    throw new MillraceError(
      "REMOTE_FAILED",
      `${endpoint.shown} exported no series, but ${line.slice(0, 200)}`,
    );
  }
}
