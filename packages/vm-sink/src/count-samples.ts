import { type Labels, MillraceError, silentLogger } from "@millrace/core";
import { countSeries } from "./count/count-series.ts";
import { type Client, createClient } from "./wire/client.ts";
import type { Endpoint } from "./wire/endpoint.ts";
import { makeVisible } from "./wire/make-visible.ts";
import { PATIENT_RETRY } from "./wire/retry.ts";
import { askable, type DatabaseOptions, parseTarget } from "./wire/target.ts";

/** What to count; labels that the address adds (`extra_label`) must be on the series, too. */
export interface CountOptions extends DatabaseOptions {
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
 * @throws MillraceError UNSUPPORTED for a cluster without `selectUrl`
 */
export async function countSamples(options: CountOptions): Promise<number> {
  const { labels, fromMs, toMs, signal } = options;
  const target = parseTarget(options);
  const { endpoint } = target;
  const client = createCounter(askable(target), signal);
  try {
    await makeVisible(client);
    return await countSeries(client, { labels: storedLabels(labels, endpoint), fromMs, toMs });
  } finally {
    await client.destroy();
  }
}

/**
 * A client for questions only.
 *
 * @param patienceMs - how long a question of `patiently` is asked again. @defaultValue for ever
 */
export function createCounter(
  endpoint: Endpoint,
  signal: AbortSignal = new AbortController().signal,
  patienceMs: number = PATIENT_RETRY.maxElapsedMs,
): Client {
  return createClient({
    endpoint,
    connections: 1,
    retry: { ...PATIENT_RETRY, maxElapsedMs: patienceMs },
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
