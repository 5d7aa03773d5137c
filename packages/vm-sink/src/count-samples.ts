import { type Labels, MillraceError, silentLogger } from "@millrace/core";
import { countSeries } from "./count/count-series.ts";
import { type Client, createClient } from "./wire/client.ts";
import { type Endpoint, parseEndpoint } from "./wire/endpoint.ts";
import { PATIENT_RETRY } from "./wire/retry.ts";

/** What to count; see {@link countSamples}. */
export interface CountOptions {
  /**
   * Base URL of the database, or a full import URL. Labels that it adds (`extra_label`) must be on the
   * series, too.
   */
  readonly url: string;
  /** Labels that the series must have, by equality. */
  readonly labels: Labels;
  /** First and last time to count, both inclusive, Unix milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly signal?: AbortSignal;
}

/**
 * Asks a VictoriaMetrics how many samples it holds: every one, duplicates included, of all series with
 * these labels.
 *
 * Recently written samples are made visible first (`/internal/force_flush`), and no cache is used. It
 * costs one request for an hour as for decades, and more where the server's limits for one query demand.
 *
 * @throws MillraceError REMOTE_FAILED when the database does not answer, or not as expected
 */
export async function countSamples(options: CountOptions): Promise<number> {
  const { url, labels, fromMs, toMs, signal } = options;
  const endpoint = parseEndpoint(url);
  const client = createCounter(endpoint, signal);
  try {
    await client.get("/internal/force_flush");
    return await countSeries(client, { labels: storedLabels(labels, endpoint), fromMs, toMs });
  } finally {
    await client.destroy();
  }
}

/** A client for questions only. */
export function createCounter(
  endpoint: Endpoint,
  signal: AbortSignal = new AbortController().signal,
): Client {
  return createClient({
    endpoint,
    connections: 1,
    retry: PATIENT_RETRY,
    signal,
    logger: silentLogger,
    onRetry: () => {},
  });
}

/**
 * The labels with which series lie in a database at this address.
 *
 * @throws MillraceError INVALID_OPTION when the address replaces one of them: other series have it, too
 */
export function storedLabels(labels: Labels, { extraLabels, shown }: Endpoint): Labels {
  const replaced = Object.keys(extraLabels).find(
    (name) => labels[name] !== undefined && labels[name] !== extraLabels[name],
  );
  if (replaced === undefined) return { ...labels, ...extraLabels };
  throw new MillraceError(
    "INVALID_OPTION",
    `Nothing can be counted by the label ${replaced}, because the address ${shown} replaces it with an extra_label on every series.`,
  );
}
