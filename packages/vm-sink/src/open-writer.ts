import { MillraceError, type RunContext, type SeriesBatch, type SinkWriter } from "@millrace/core";
import { BodyWriter, type WriterSettings, type WriterTools } from "./body-writer.ts";
import { Checkpoint } from "./checkpoint/checkpoint.ts";
import { DeadLetter } from "./dead-letter/dead-letter.ts";
import { Delivery } from "./delivery.ts";
import { deduplicates } from "./preflight.ts";
import type { VictoriaMetricsResult } from "./result.ts";
import { type Client, createClient } from "./wire/client.ts";
import { FIRST_ANSWER_MS, readState } from "./wire/read-state.ts";
import type { ServerState } from "./wire/server-state.ts";

type Writer = SinkWriter<SeriesBatch, VictoriaMetricsResult>;

/** Asks the server for its settings and opens a writer. */
export async function openWriter(settings: WriterSettings, context: RunContext): Promise<Writer> {
  const { endpoint, connections, retry } = settings;
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  let retries = 0;
  const client = createClient({
    endpoint,
    connections,
    retry,
    signal,
    logger: context.logger,
    onRetry(reason) {
      retries += 1;
      if (retries === 1) context.emit({ type: "warning", message: `Trying again: ${reason}` });
    },
  });
  let writer: BodyWriter | undefined;
  try {
    const before = await stateBefore(client, context, settings.dryRun);
    const tools = await openTools(
      settings,
      context,
      client,
      before,
      signal,
      () => retries,
      (error) => writer?.fail(error),
    );
    const opened = new BodyWriter(settings, context, tools);
    writer = opened;
    if (tools.checkpoint !== undefined) tellResumption(tools.checkpoint, context);
    const abort = async (reason: unknown): Promise<void> => {
      stop.abort(reason);
      await opened.end();
      await client.destroy();
    };
    return {
      watermark$: opened.ledger.watermark$,
      write: (batch) => opened.write(batch),
      close: () => opened.close(),
      abort,
      [Symbol.asyncDispose]: () =>
        abort(new MillraceError("ABORTED", "The writer was disposed of.")),
    };
  } catch (error) {
    await client.destroy();
    throw error;
  }
}

async function openTools(
  settings: WriterSettings,
  context: RunContext,
  client: Client,
  before: ServerState | undefined,
  signal: AbortSignal,
  retries: () => number,
  fail: (error: unknown) => void,
): Promise<WriterTools> {
  const format = settings.createFormat();
  const tools = { client, format, before, signal, retries };
  if (settings.dryRun || before === undefined) {
    return { ...tools, delivery: undefined, checkpoint: undefined, deadLetter: undefined };
  }
  const { checkpoint: wanted, endpoint, bodyBytes } = settings;
  const deadLetter =
    settings.deadLetter === undefined ? undefined : new DeadLetter(settings.deadLetter);
  const checkpoint =
    wanted &&
    (await Checkpoint.open(
      wanted.path,
      { load: wanted.load, target: endpoint.shown },
      { startedSeconds: before.startedSeconds ?? 0, rowsInserted: before.insertedRows ?? 0 },
      fail,
    ));
  const delivery = new Delivery(
    {
      client,
      format,
      bodyBytes,
      before,
      deadLetter,
      deduplicates: deduplicates(before),
      resumable: checkpoint !== undefined,
      warn: (message) => context.emit({ type: "warning", message }),
    },
    checkpoint !== undefined && checkpoint.doubtfulItems > 0,
  );
  return { ...tools, delivery, checkpoint, deadLetter };
}

/** A domain event for machines: what of the load is done already. */
function tellResumption(checkpoint: Checkpoint, context: RunContext): void {
  const { presentItems, durableItems, doubtfulItems } = checkpoint;
  if (presentItems + doubtfulItems === 0) return;
  const data = { presentItems, durableItems, doubtfulItems };
  context.emit({ type: "victoria-metrics:resume", data });
}

/** A database that says that it is busy gets this long for its first answer; others fail at once. */
const BUSY_MS = 30_000;
const BUSY: ReadonlySet<unknown> = new Set([429, 503]);

/** A dry run is useful without a database, too; then only the checks against it are missing. */
async function stateBefore(
  client: Client,
  context: RunContext,
  optional: boolean,
): Promise<ServerState | undefined> {
  try {
    const startedMs = performance.now();
    return await client.patiently(
      () => readState(client, FIRST_ANSWER_MS),
      ({ details }) => BUSY.has(details["status"]) && performance.now() - startedMs < BUSY_MS,
    );
  } catch (error) {
    if (!optional || !MillraceError.is(error)) throw error;
    const message = `Checking without a database: ${error.message}`;
    context.emit({ type: "warning", message });
    return undefined;
  }
}
