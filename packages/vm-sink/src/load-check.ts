import { setTimeout as pause } from "node:timers/promises";
import { MillraceError, type SeriesBatch, type Sink } from "@millrace/core";
import { countSeries, isTooMuch } from "./count/count-series.ts";
import type { Question } from "./count/count-window.ts";
import type { DayRange } from "./count/day-cover.ts";
import { exportChecksum } from "./count/export-checksum.ts";
import {
  type ComparedPart,
  type CountDays,
  DAY_MS,
  LoadParts,
  type SumDays,
} from "./count/load-parts.ts";
import { createCounter, storedLabels } from "./count-samples.ts";
import type { Client } from "./wire/client.ts";
import type { Endpoint } from "./wire/endpoint.ts";
import { makeVisible } from "./wire/make-visible.ts";
import { FIRST_ANSWER_MS, readState } from "./wire/read-state.ts";
import { durationMs } from "./wire/retention.ts";
import type { ServerState } from "./wire/server-state.ts";
import { askable, type DatabaseOptions, parseTarget } from "./wire/target.ts";

/** Options of {@link createLoadCheck}; the database is the same as the sink's. */
export interface LoadCheckOptions extends DatabaseOptions {
  /** Label whose values divide the load into parts, such as `SN` for the arrays of an archive. */
  readonly by: string;
}

/** Compares a database with what a load sends to it. */
export interface LoadCheck {
  /**
   * The same sink, which counts what the database holds of a day before it gets the first sample of it.
   *
   * It refuses to open (UNSUPPORTED) where the database merges samples, so that no count can be right.
   */
  around<R>(sink: Sink<SeriesBatch, R>): Sink<SeriesBatch, R>;
  /**
   * Counts again and compares; to be called once the load has ended well.
   *
   * @throws MillraceError REMOTE_FAILED when the database does not answer, or not as expected
   */
  compare(options?: { readonly signal?: AbortSignal }): Promise<readonly ComparedPart[]>;
}

/**
 * A check of a load by counting before and after it, part by part, so that what was there already neither
 * hides a loss nor looks like one.
 *
 * Where the database holds exactly as many samples as were sent, it is asked for all of them, and their
 * checksum must be that of what was sent: series, times and values.
 *
 * It costs a request for each day and part of the load, an export in the end, and memory for the metric
 * names of a part, not for its series or samples.
 *
 * @throws MillraceError INVALID_OPTION when the address is none, or puts the label on every series itself
 * @throws MillraceError UNSUPPORTED for a cluster without `selectUrl`
 * @example
 * ```ts
 * import { fromItems, pipeline, type SeriesBatch } from "@millrace/core";
 * import { createLoadCheck, victoriaMetrics } from "@millrace/vm-sink";
 *
 * const load = async (url: string, batches: readonly SeriesBatch[]) => {
 *   const check = createLoadCheck({ url, by: "room" });
 *   await pipeline(fromItems(batches)).to(check.around(victoriaMetrics({ url }))).result;
 *   return await check.compare();
 * };
 * ```
 */
export function createLoadCheck(options: LoadCheckOptions): LoadCheck {
  const { by } = options;
  const target = parseTarget(options);
  const { endpoint } = target;
  const asked = askable(target);
  // An address that replaces the label makes one part of all; better said now than after hours.
  storedLabels({ [by]: "" }, endpoint);
  const parts = new LoadParts(by, endpoint.extraLabels);
  const questionOf = (value: string, names: readonly string[], days: DayRange): Question => ({
    labels: storedLabels({ [by]: value }, endpoint),
    names,
    fromMs: days.first * DAY_MS,
    toMs: (days.last + 1) * DAY_MS - 1,
  });
  const countWith =
    (client: Client): CountDays =>
    (...asked) =>
      client.patiently(() => countSeries(client, questionOf(...asked)), isPassing);
  const sumWith =
    (client: Client): SumDays =>
    (...asked) =>
      client.patiently(() => exportChecksum(client, questionOf(...asked)), isPassing);
  return {
    around: (sink) =>
      countingBefore(sink, asked, (batch, client) => parts.note(batch, countWith(client))),
    async compare({ signal } = {}) {
      const client = createCounter(asked, signal, PATIENCE_MS);
      try {
        const look = async (): Promise<readonly ComparedPart[]> => {
          await client.patiently(() => makeVisible(client));
          return await parts.compare(countWith(client), sumWith(client));
        };
        let compared = await look();
        // A busy database may show what it just took a second later, even after it was told to show it.
        for (let before = -1; lacking(compared) !== 0 && lacking(compared) !== before; ) {
          before = lacking(compared);
          await pause(LOOK_AGAIN_MS, undefined, { signal });
          compared = await look();
        }
        return compared;
      } finally {
        await client.destroy();
      }
    },
  };
}

/** Longer than a database is seen to take for showing what it took. */
const LOOK_AGAIN_MS = 1_500;

function lacking(compared: readonly ComparedPart[]): number {
  return compared.reduce((sum, { missing }) => sum + missing, 0);
}

/** A load of hours is not to end without its proof because one connection broke. */
const PATIENCE_MS = 60_000;

/** What is too much for the server was asked in parts already, and stays too much. */
function isPassing(failure: MillraceError): boolean {
  return !isTooMuch(failure);
}

/** A sink that has every batch noted before it gets it. */
function countingBefore<R>(
  sink: Sink<SeriesBatch, R>,
  endpoint: Endpoint,
  note: (batch: SeriesBatch, client: Client) => Promise<void>,
): Sink<SeriesBatch, R> {
  return {
    ...sink,
    async open(context) {
      const stop = new AbortController();
      const signal = AbortSignal.any([context.signal, stop.signal]);
      const client = createCounter(endpoint, signal, PATIENCE_MS);
      try {
        const state = await readState(client, FIRST_ANSWER_MS);
        refuseDeduplication(state, endpoint);
        await makeVisible(client);
        const writer = await sink.open(context);
        return {
          watermark$: writer.watermark$,
          async write(batch) {
            await note(batch, client);
            await writer.write(batch);
          },
          close: () => writer.close(),
          async abort(reason) {
            stop.abort(reason);
            await Promise.all([client.destroy(), writer.abort(reason)]);
          },
          async [Symbol.asyncDispose]() {
            await Promise.all([client.destroy(), writer[Symbol.asyncDispose]()]);
          },
        };
      } catch (error) {
        await client.destroy();
        throw error;
      }
    },
  };
}

/** Times are whole milliseconds, so an interval of one merges only samples of the same time. */
const HARMLESS_INTERVAL_MS = 1;

function refuseDeduplication({ flags }: ServerState, { shown }: Endpoint): void {
  const interval = flags.get("dedup.minScrapeInterval") ?? "";
  if ((durationMs(interval) ?? 0) <= HARMLESS_INTERVAL_MS) return;
  throw new MillraceError(
    "UNSUPPORTED",
    `The database at ${shown} keeps one sample of a series in ${interval} (-dedup.minScrapeInterval), so counting cannot tell whether any is missing. Load without the check.`,
  );
}
