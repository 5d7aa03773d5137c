import { MillraceError, type RunContext, type SeriesBatch, type SinkWriter } from "@millrace/core";
import { BodySender } from "./body-sender.ts";
import { BodyWriter, type WriterSettings, type WriterTools } from "./body-writer.ts";
import { Checkpoint } from "./checkpoint/checkpoint.ts";
import { DeadLetter } from "./dead-letter/dead-letter.ts";
import { Delivery, unlookable } from "./delivery.ts";
import { type Durability, FLUSH_AGE_MS } from "./durability.ts";
import { deduplicates } from "./preflight.ts";
import type { VictoriaMetricsResult } from "./result.ts";
import { AdaptiveLimit } from "./wire/adaptive-limit.ts";
import { chooseCompression } from "./wire/choose-compression.ts";
import { type Client, createClient } from "./wire/client.ts";
import { FIRST_ANSWER_MS, readState } from "./wire/read-state.ts";
import type { ServerState } from "./wire/server-state.ts";

type Writer = SinkWriter<SeriesBatch, VictoriaMetricsResult>;

/** Asks the server for its settings and opens a writer. */
export async function openWriter(settings: WriterSettings, context: RunContext): Promise<Writer> {
  const { endpoint, retry } = settings;
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  let retries = 0;
  let mostAtOnce = MOST_CONNECTIONS;
  const limit = settings.connections === "auto" ? new AdaptiveLimit(() => mostAtOnce) : undefined;
  const common = {
    retry,
    signal,
    logger: context.logger,
    onRetry(reason: string) {
      retries += 1;
      if (retries === 1) context.emit({ type: "warning", message: `Trying again: ${reason}` });
    },
  };
  const connections = settings.connections === "auto" ? MOST_CONNECTIONS : settings.connections;
  const client = createClient({ ...common, endpoint, connections, ...(limit && { limit }) });
  const select =
    settings.lookup && createClient({ ...common, endpoint: settings.lookup, connections: 1 });
  const destroy = async (): Promise<void> => {
    await Promise.all([client.destroy(), select?.destroy()]);
  };
  let writer: BodyWriter | undefined;
  try {
    const before = await stateBefore(client, context, settings.dryRun);
    mostAtOnce = Math.min(MOST_CONNECTIONS, concurrentInserts(before));
    const tools = await openTools(
      settings,
      context,
      {
        client,
        format: settings.createFormat(),
        before,
        lookup: lookupAt(client, select, before),
        durability: possibleDurability(settings, context, before),
        signal,
        inFlight: () => limit?.current ?? connections,
        retries: () => retries,
      },
      (error) => writer?.fail(error),
    );
    const opened = new BodyWriter(settings, context, tools);
    writer = opened;
    if (tools.checkpoint !== undefined) tellResumption(tools.checkpoint, context);
    const abort = async (reason: unknown): Promise<void> => {
      stop.abort(reason);
      await opened.end();
      await destroy();
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
    await destroy();
    throw error;
  }
}

/** Most requests in flight, chosen or found out; each has a buffer of the size of a body. */
export const MOST_CONNECTIONS = 64;

function concurrentInserts(before: ServerState | undefined): number {
  const slots = Number(before?.flags.get("maxConcurrentInserts"));
  return slots >= 1 ? slots : Number.POSITIVE_INFINITY;
}

/** Where what is stored can be looked up: not behind a vmagent, which has a queue of its own. */
function lookupAt(
  client: Client,
  select: Client | undefined,
  before: ServerState | undefined,
): Client | undefined {
  if (before?.kind === "vmagent") return undefined;
  const knowsNothing = client.endpoint.cluster !== undefined || before?.kind === "cluster";
  return select ?? (knowsNothing ? undefined : client);
}

/** Only who stores takes snapshots, and only of the one process that is asked can it be told how old it is. */
function possibleDurability(
  { durability, endpoint, wantsSnapshot }: WriterSettings,
  context: RunContext,
  before: ServerState | undefined,
): Durability {
  const kind = endpoint.cluster === undefined ? before?.kind : "cluster";
  if (durability === "none" || kind === undefined || kind === "single") return durability;
  if (kind !== "cluster" || wantsSnapshot) {
    const message = `${endpoint.shown} is ${PROGRAMS[kind]}, not the database itself: what is called durable is only what it accepted at least ${FLUSH_AGE_MS / 1000} s before, while it was not restarted.`;
    context.emit({ type: "warning", message });
  }
  return kind === "vmauth" ? durability : "age";
}

const PROGRAMS = { cluster: "a vminsert", vmagent: "a vmagent", vmauth: "a vmauth" } as const;

async function openTools(
  settings: WriterSettings,
  context: RunContext,
  tools: Omit<WriterTools, "delivery" | "checkpoint" | "deadLetter">,
  fail: (error: unknown) => void,
): Promise<WriterTools> {
  const { client, format, before, lookup } = tools;
  if (settings.dryRun || before === undefined) {
    return { ...tools, delivery: undefined, checkpoint: undefined, deadLetter: undefined };
  }
  const { checkpoint: wanted, endpoint, bodyBytes } = settings;
  if (wanted !== undefined && lookup === undefined) throw unlookable(endpoint);
  const warn = (message: string): void => context.emit({ type: "warning", message });
  const compressor = await chooseCompression(settings.compression, client, format);
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
      sender: new BodySender(client, format, compressor, warn),
      lookup,
      format,
      bodyBytes,
      before,
      deadLetter,
      deduplicates: deduplicates(before),
      resumable: checkpoint !== undefined,
      warn,
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
