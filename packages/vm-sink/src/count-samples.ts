import { randomUUID } from "node:crypto";
import { type Labels, MillraceError, silentLogger } from "@millrace/core";
import { type Client, createClient } from "./wire/client.ts";
import { parseEndpoint } from "./wire/endpoint.ts";
import { PATIENT_RETRY } from "./wire/retry.ts";

/** What to count; see {@link countSamples}. */
export interface CountOptions {
  /** Base URL of the database, or a full import URL. */
  readonly url: string;
  /** Labels that the series must have, by equality. */
  readonly labels: Labels;
  /** First and last time to count, both inclusive, Unix milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly signal?: AbortSignal;
}

/** One query looks at no more than this, so that it stays within the server's limits for one query. */
const WINDOW_MS = 6 * 3_600_000;

/**
 * Asks a VictoriaMetrics how many samples it holds: every one, duplicates included, of all series with
 * these labels.
 *
 * Recently written samples are made visible first (`/internal/force_flush`), and no cache is used.
 *
 * @throws MillraceError REMOTE_FAILED when the database does not answer, or not as expected
 */
export async function countSamples(options: CountOptions): Promise<number> {
  const signal = options.signal ?? new AbortController().signal;
  const client = createClient({
    endpoint: parseEndpoint(options.url),
    connections: 1,
    retry: PATIENT_RETRY,
    signal,
    logger: silentLogger,
    onRetry: () => {},
  });
  try {
    await client.get("/internal/force_flush");
    const labels = Object.entries(options.labels).map(
      ([name, value]) => `${name}=${JSON.stringify(value)}`,
    );
    // The database remembers for some seconds which series a selector matches, even with nocache, and
    // would not see new ones; so no two counts ask alike.
    const selector = `{${[...labels, `count_id!="${randomUUID()}"`].join(",")}}`;
    let total = 0;
    for (let fromMs = options.fromMs; fromMs <= options.toMs; fromMs += WINDOW_MS) {
      const toMs = Math.min(options.toMs, fromMs + WINDOW_MS - 1);
      total += await countWindow(client, selector, fromMs, toMs);
    }
    return total;
  } finally {
    await client.destroy();
  }
}

/** A rollup window is open on the left, so it begins a millisecond before the first time. */
async function countWindow(
  client: Client,
  selector: string,
  fromMs: number,
  toMs: number,
): Promise<number> {
  const query = `sum(count_over_time(${selector}[${toMs - fromMs + 1}ms]))`;
  const parameters = new URLSearchParams({ query, time: String(toMs / 1000), nocache: "1" });
  const answer = await client.get(`/api/v1/query?${parameters}`);
  const value = firstValue(answer);
  if (value === undefined || Number.isFinite(value)) return value ?? 0;
  throw new MillraceError(
    "REMOTE_FAILED",
    `${client.endpoint.shown} gave no count for ${selector}: ${answer.slice(0, 200)}`,
  );
}

/** The number in an instant query's answer: undefined for no series, NaN for another kind of answer. */
function firstValue(answer: string): number | undefined {
  let parsed: { data?: { result?: readonly { value?: readonly unknown[] }[] } };
  try {
    parsed = JSON.parse(answer);
  } catch {
    return Number.NaN;
  }
  const result = parsed.data?.result;
  if (!Array.isArray(result)) return Number.NaN;
  const [first] = result;
  return first === undefined ? undefined : Number(first.value?.[1]);
}
