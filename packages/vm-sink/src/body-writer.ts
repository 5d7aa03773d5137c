import type { RunContext, SeriesBatch, SeriesSamples, SeriesTable } from "@millrace/core";
import { eachSeries, MillraceError, sampleCount, seriesBatch } from "@millrace/core";
import type { Checkpoint } from "./checkpoint/checkpoint.ts";
import { SeriesHistory } from "./checkpoint/series-history.ts";
import type { DeadLetter } from "./dead-letter/dead-letter.ts";
import type { Delivery } from "./delivery.ts";
import { type Durability, watchDurability } from "./durability.ts";
import type { Body, BodyFormat } from "./encode/body-format.ts";
import { Ledger } from "./ledger.ts";
import { checkBatch, checkLabels, deduplicates, serverLimits } from "./preflight.ts";
import type { VictoriaMetricsResult } from "./result.ts";
import type { CompressionChoice } from "./wire/choose-compression.ts";
import type { Client } from "./wire/client.ts";
import type { Endpoint } from "./wire/endpoint.ts";
import { restarted } from "./wire/failures.ts";
import { freshState, readState } from "./wire/read-state.ts";
import type { RetryPolicy } from "./wire/retry.ts";
import { newlyLost, type ServerState, wasRestarted } from "./wire/server-state.ts";

/** Checked options of a writer. */
export interface WriterSettings {
  readonly endpoint: Endpoint;
  readonly createFormat: () => BodyFormat;
  readonly bodyBytes: number;
  readonly connections: number | "auto";
  readonly compression: CompressionChoice;
  /** Where to look up what is stored, if not where it is sent. */
  readonly lookup: Endpoint | undefined;
  readonly retry: RetryPolicy;
  readonly durability: Durability;
  /** Whether a person asked for snapshots, and did not only leave it open. */
  readonly wantsSnapshot: boolean;
  readonly dryRun: boolean;
  readonly checkpoint: CheckpointOptions | undefined;
  /** Path of the file for refused series. */
  readonly deadLetter: string | undefined;
}

/** Where a load keeps note of how far it has come. */
export interface CheckpointOptions {
  /** Path of the file; a lock file lies beside it while the load runs. */
  readonly path: string;
  /**
   * Names the data and every setting that changes its order or content. A load goes on only from a
   * checkpoint of the same name.
   */
  readonly load: string;
}

/** What a writer works with, opened. */
export interface WriterTools {
  readonly client: Client;
  readonly format: BodyFormat;
  /** The database before the first byte; undefined in a dry run without one. */
  readonly before: ServerState | undefined;
  readonly delivery: Delivery | undefined;
  /** Where queries are answered; undefined where that is not known. */
  readonly lookup: Client | undefined;
  readonly checkpoint: Checkpoint | undefined;
  readonly deadLetter: DeadLetter | undefined;
  /** What of the setting the server is able to do. */
  readonly durability: Durability;
  readonly signal: AbortSignal;
  /** Bodies that may be under way at once. */
  inFlight(): number;
  /** Times that something was sent again. */
  retries(): number;
}

/** A body that is not full is sent after this long without another batch. */
const LINGER_MS = 1_000;

/** Fills bodies, keeps a few of them in flight, and accounts for them. */
export class BodyWriter {
  readonly ledger: Ledger = new Ledger();
  readonly #settings: WriterSettings;
  readonly #context: RunContext;
  readonly #tools: WriterTools;
  readonly #client: Client;
  readonly #before: ServerState | undefined;
  readonly #format: BodyFormat;
  readonly #durability: ReturnType<typeof watchDurability> | undefined;
  readonly #history: SeriesHistory | undefined;
  readonly #free: Buffer[] = [];
  readonly #checked = new WeakSet<SeriesTable>();
  readonly #inFlight = new Set<Promise<void>>();
  #largestBody = Number.POSITIVE_INFINITY;
  #buffers = 0;
  #body: Body | undefined;
  /** Whether the body may hold samples that an earlier one held, too. */
  #bodyRepeats = false;
  #linger: NodeJS.Timeout | undefined;
  #failure: { readonly error: unknown } | undefined;
  readonly #openedMs = performance.now();
  #items = 0;
  #dropped = 0;
  #present = 0;
  #samples = 0;
  #requests = 0;
  #bytes = 0;

  constructor(settings: WriterSettings, context: RunContext, tools: WriterTools) {
    const { client, before, checkpoint } = tools;
    this.#settings = settings;
    this.#context = context;
    this.#tools = tools;
    this.#client = client;
    this.#before = before;
    this.#format = tools.format;
    if (before !== undefined) this.#largestBody = serverLimits(before, Date.now()).maxBodyBytes;
    if (settings.dryRun || before === undefined) return;
    // A database that keeps one of equal samples takes a body twice without harm.
    this.#history = deduplicates(before) ? undefined : new SeriesHistory();
    this.#durability = watchDurability(
      tools.durability,
      client,
      this.ledger,
      before,
      tools.signal,
      (error) => this.fail(error),
    );
    if (checkpoint === undefined) return;
    this.ledger.watermark$.subscribe(({ accepted, durable }) => {
      checkpoint.accepted(accepted, this.ledger.acceptedSamples);
      checkpoint.durable(durable);
    });
  }

  async write(batch: SeriesBatch): Promise<void> {
    clearTimeout(this.#linger);
    this.#throwFailure();
    const action = this.#tools.checkpoint?.next(batch) ?? "send";
    if (action === "skip") await this.#skip(batch);
    else if (action === "compare" && this.#history !== undefined) await this.#compare(batch);
    else await this.#encode(batch);
    batch.release?.();
  }

  async #encode(batch: SeriesBatch): Promise<void> {
    this.#check(batch);
    const repeats = this.#history?.repeats(batch) ?? false;
    const cursor = this.#format.cursor(batch);
    this.#body ??= await this.#nextBody();
    this.#bodyRepeats ||= repeats;
    while (!cursor.fill(this.#body)) {
      this.#send(this.#items);
      this.#body = await this.#nextBody();
      this.#bodyRepeats = repeats;
    }
    this.#dropped += cursor.dropped;
    this.#items += 1;
    this.#linger = setTimeout(() => this.#flush(), LINGER_MS);
    this.#linger.unref();
  }

  /** The item lies in the database already. */
  async #skip(batch: SeriesBatch): Promise<void> {
    const { checkpoint, delivery } = this.#tools;
    if (checkpoint === undefined || delivery === undefined) return;
    const isEnd = this.#items === 0 || this.#items === checkpoint.presentItems - 1;
    if (isEnd && !(await delivery.holdsAnyOf([...eachSeries(batch)].map(finiteSamples)))) {
      throw await this.#whyEmpty(checkpoint.path);
    }
    const durable = this.#items < checkpoint.durableItems;
    this.#items += 1;
    this.#present += sampleCount(batch);
    this.ledger.present(durable, performance.now());
    this.#history?.repeats(batch);
  }

  /** It may have been restarted since its page was read, and then knows nothing of its last seconds. */
  async #whyEmpty(path: string): Promise<MillraceError> {
    const client = this.#client;
    const now = await client.patiently(() => freshState(client));
    if (this.#before !== undefined && wasRestarted(this.#before, now)) {
      return restarted(client.endpoint);
    }
    return new MillraceError(
      "INVALID_OPTION",
      `The database at ${client.endpoint.shown} holds nothing of what the checkpoint ${path} says it has. Was it emptied? Delete the checkpoint to load everything anew.`,
    );
  }

  /** The item may lie in the database, whole or in part: only what is missing is sent. */
  async #compare(batch: SeriesBatch): Promise<void> {
    const { checkpoint, delivery } = this.#tools;
    if (checkpoint === undefined || delivery === undefined) return;
    this.#check(batch);
    this.#history?.repeats(batch);
    const series = [...eachSeries(batch)].map(finiteSamples);
    const count = series.reduce((sum, { values }) => sum + values.length, 0);
    const sent = await delivery.settle(series, checkpoint.others);
    checkpoint.compared(batch);
    this.#items += 1;
    this.#dropped += sampleCount(batch) - count;
    this.#present += count - sent;
    this.#samples += sent;
    this.ledger.answered(this.ledger.sent(this.#items, sent), performance.now());
  }

  async close(): Promise<VictoriaMetricsResult> {
    clearTimeout(this.#linger);
    this.#flush();
    while (this.#inFlight.size > 0 && this.#failure === undefined) {
      await Promise.race(this.#inFlight);
    }
    this.#throwFailure();
    await this.#tools.delivery?.close();
    const acceptedMs = performance.now() - this.#openedMs;
    const { dryRun, durability } = this.#settings;
    const after = dryRun ? undefined : this.#stateAfterLast();
    // Awaited below, and its failure told there; durability goes on meanwhile.
    after?.catch(() => {});
    let durableMs: number | undefined;
    if (this.#durability !== undefined) {
      for (const message of await this.#durability.settle()) {
        this.#context.emit({ type: "warning", message });
      }
      this.#throwFailure();
      const { accepted, durable } = this.ledger;
      if (durability !== "none" && durable === accepted) {
        durableMs = performance.now() - this.#openedMs;
      }
    }
    const state = await after?.catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      const message = `The data was accepted, but whether the database dropped any of it is not known: ${reason}`;
      this.#context.emit({ type: "warning", message });
      return undefined;
    });
    if (!dryRun) await this.#showBackfill();
    if (this.ledger.durable === this.ledger.accepted) await this.#tools.checkpoint?.done();
    await this.end();
    return this.#result(acceptedMs, durableMs, state);
  }

  /** What the database says once its page is newer than its last answer. */
  async #stateAfterLast(): Promise<ServerState> {
    const read = this.#requests === 0 ? readState : freshState;
    const state = await read(this.#client);
    if (this.#before === undefined || !wasRestarted(this.#before, state)) return state;
    throw new MillraceError("REMOTE_FAILED", "it was restarted meanwhile.");
  }

  /** Queries over old times may have been answered, and cached, as empty; data is safe either way. */
  async #showBackfill(): Promise<void> {
    // In a cluster it is vmselect that answers queries.
    const { lookup } = this.#tools;
    if (lookup === undefined) return;
    await lookup.get("/internal/resetRollupResultCache").catch((error: unknown) => {
      this.#context.logger.debug({ error }, "The database's query cache could not be reset.");
    });
  }

  /** Lets go of timers and completes the watermark; may be called twice. */
  async end(): Promise<void> {
    clearTimeout(this.#linger);
    this.#durability?.stop();
    this.ledger.complete();
    await this.#tools.checkpoint?.close();
    await this.#tools.deadLetter?.close();
  }

  #check(batch: SeriesBatch): void {
    seriesBatch(batch);
    if (this.#before === undefined) return;
    const limits = serverLimits(this.#before, Date.now());
    checkBatch(batch, limits, this.#client.endpoint.shown);
    if (this.#checked.has(batch.table)) return;
    const { extraLabels } = this.#client.endpoint;
    for (const labels of batch.table.labels) checkLabels({ ...labels, ...extraLabels }, limits);
    this.#checked.add(batch.table);
  }

  #flush(): void {
    if (this.#body !== undefined && this.#body.samples > 0) this.#send(this.#items);
    else this.#settleEmpty();
  }

  /** Items without a sample need no request; they are accepted with whatever went before them. */
  #settleEmpty(): void {
    if (this.#failure !== undefined) return;
    this.ledger.answered(this.ledger.sent(this.#items, 0), performance.now());
  }

  /** Sends the current body; `items` is how many items have ended in it or before it. */
  #send(items: number): void {
    const body = this.#body as Body;
    this.#body = undefined;
    const sent = this.ledger.sent(items, body.samples);
    this.#requests += 1;
    if (this.#tools.delivery === undefined) this.#bytes += this.#format.finish(body).length;
    const done: Promise<void> = this.#deliver(body, this.#bodyRepeats)
      .then(
        (taken) => {
          this.#samples += taken;
          // Only now may the bytes change again: until the answer, a retry would send them once more.
          this.#free.push(body.bytes);
          this.ledger.answered(sent, performance.now(), taken);
        },
        (error: unknown) => this.fail(error),
      )
      .finally(() => this.#inFlight.delete(done));
    this.#inFlight.add(done);
  }

  /** @returns samples that the database took */
  async #deliver(body: Body, repeats: boolean): Promise<number> {
    const { checkpoint, delivery } = this.#tools;
    if (delivery === undefined) return body.samples;
    // What is about to be sent must be on record before its first byte is.
    await checkpoint?.synced();
    return await delivery.deliver(body, repeats);
  }

  async #nextBody(): Promise<Body> {
    const { bodyBytes } = this.#settings;
    while (true) {
      this.#throwFailure();
      const bytes = this.#free.pop();
      if (bytes !== undefined) return this.#format.start(bytes);
      // One more than there are connections, so that one can be filled while the others are away.
      if (this.#buffers <= this.#tools.inFlight()) {
        this.#buffers += 1;
        return this.#format.start(Buffer.allocUnsafeSlow(Math.min(bodyBytes, this.#largestBody)));
      }
      await Promise.race(this.#inFlight);
    }
  }

  /** Ends the run at the next call; the first failure counts. */
  fail(error: unknown): void {
    this.#failure ??= { error };
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #result(
    acceptedMs: number,
    durableMs: number | undefined,
    after: ServerState | undefined,
  ): VictoriaMetricsResult {
    const before = this.#before;
    const cpuMs =
      before?.cpuSeconds === undefined || after?.cpuSeconds === undefined
        ? undefined
        : Math.round((after.cpuSeconds - before.cpuSeconds) * 1000);
    const { deadLetter } = this.#tools;
    const lost = before && after ? newlyLost(before, after) : new Map<string, number>();
    return {
      samples: this.#settings.dryRun ? 0 : this.#samples,
      present: this.#present,
      rejected: { series: deadLetter?.series ?? 0, samples: deadLetter?.samples ?? 0 },
      dropped: this.#dropped,
      requests: this.#requests,
      bytes: this.#tools.delivery?.bytes ?? this.#bytes,
      retries: this.#tools.retries(),
      lostRows: Object.fromEntries(lost),
      database: { version: before?.version, cpuMs, cores: before?.cores },
      acceptedMs,
      durableMs,
    };
  }
}

/** What a database can hold of a series. */
function finiteSamples({ labels, timesMs, values }: SeriesSamples): SeriesSamples {
  if (values.every(Number.isFinite)) return { labels, timesMs, values };
  const isFiniteAt = (_value: number, i: number): boolean => Number.isFinite(values[i]);
  return { labels, timesMs: timesMs.filter(isFiniteAt), values: values.filter(isFiniteAt) };
}
