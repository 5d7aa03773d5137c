import { MillraceError, type RunContext, type SeriesBatch, type SinkWriter } from "@millrace/core";
import { BodyWriter, type WriterSettings } from "./body-writer.ts";
import type { VictoriaMetricsResult } from "./result.ts";
import { type Client, createClient } from "./wire/client.ts";
import { FIRST_ANSWER_MS, readState } from "./wire/read-state.ts";
import type { ServerState } from "./wire/server-state.ts";

type Writer = SinkWriter<SeriesBatch, VictoriaMetricsResult>;

/** Asks the server for its settings and opens a writer. */
export async function openWriter(settings: WriterSettings, context: RunContext): Promise<Writer> {
  const { endpoint, connections, retry, dryRun } = settings;
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  let retries = 0;
  let doubtSaid = false;
  const client = createClient({
    endpoint,
    connections,
    retry,
    signal,
    logger: context.logger,
    onRetry(reason, ambiguous) {
      retries += 1;
      if (retries === 1) context.emit({ type: "warning", message: `Trying again: ${reason}` });
      if (!ambiguous || doubtSaid) return;
      doubtSaid = true;
      context.emit({
        type: "warning",
        message:
          "A connection broke after a request was sent, so it is unknown whether the database stored it. It is sent again; without -dedup.minScrapeInterval its samples may be there twice.",
      });
    },
  });
  try {
    const before = await stateBefore(client, context, dryRun);
    const writer = new BodyWriter(settings, context, client, before, signal, () => retries);
    const abort = async (reason: unknown): Promise<void> => {
      stop.abort(reason);
      await writer.end();
      await client.destroy();
    };
    return {
      watermark$: writer.ledger.watermark$,
      write: (batch) => writer.write(batch),
      close: () => writer.close(),
      abort,
      [Symbol.asyncDispose]: () =>
        abort(new MillraceError("ABORTED", "The writer was disposed of.")),
    };
  } catch (error) {
    await client.destroy();
    throw error;
  }
}

/** A dry run is useful without a database, too; then only the checks against it are missing. */
async function stateBefore(
  client: Client,
  context: RunContext,
  optional: boolean,
): Promise<ServerState | undefined> {
  try {
    return await readState(client, FIRST_ANSWER_MS);
  } catch (error) {
    if (!optional || !MillraceError.is(error)) throw error;
    const message = `Checking without a database: ${error.message}`;
    context.emit({ type: "warning", message });
    return undefined;
  }
}
