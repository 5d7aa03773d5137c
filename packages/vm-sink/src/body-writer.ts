import type { RunContext, SeriesBatch, SeriesTable } from "@millrace/core";
import { MillraceError, seriesBatch } from "@millrace/core";
import { type Durability, watchDurability } from "./durability.ts";
import type { Body, BodyFormat } from "./encode/body-format.ts";
import { Ledger } from "./ledger.ts";
import { checkBatch, checkLabels, serverLimits } from "./preflight.ts";
import type { VictoriaMetricsResult } from "./result.ts";
import type { Client } from "./wire/client.ts";
import type { Endpoint } from "./wire/endpoint.ts";
import { freshState, readState } from "./wire/read-state.ts";
import type { RetryPolicy } from "./wire/retry.ts";
import { newlyLost, type ServerState, wasRestarted } from "./wire/server-state.ts";

/** Checked options of a writer. */
export interface WriterSettings {
  readonly endpoint: Endpoint;
  readonly createFormat: () => BodyFormat;
  readonly bodyBytes: number;
  readonly connections: number;
  readonly retry: RetryPolicy;
  readonly durability: Durability;
  readonly dryRun: boolean;
}

/** A body that is not full is sent after this long without another batch. */
const LINGER_MS = 1_000;

/** Fills bodies, keeps a few of them in flight, and accounts for them. */
export class BodyWriter {
  readonly ledger: Ledger = new Ledger();
  readonly #settings: WriterSettings;
  readonly #context: RunContext;
  readonly #client: Client;
  readonly #before: ServerState | undefined;
  readonly #retries: () => number;
  readonly #format: BodyFormat;
  readonly #durability: ReturnType<typeof watchDurability> | undefined;
  readonly #free: Buffer[] = [];
  readonly #checked = new WeakSet<SeriesTable>();
  readonly #inFlight = new Set<Promise<void>>();
  #largestBody = Number.POSITIVE_INFINITY;
  #buffers = 0;
  #body: Body | undefined;
  #linger: NodeJS.Timeout | undefined;
  #failure: { readonly error: unknown } | undefined;
  readonly #openedMs = performance.now();
  #items = 0;
  #dropped = 0;
  #samples = 0;
  #requests = 0;
  #bytes = 0;

  constructor(
    settings: WriterSettings,
    context: RunContext,
    client: Client,
    before: ServerState | undefined,
    signal: AbortSignal,
    retries: () => number,
  ) {
    this.#settings = settings;
    this.#context = context;
    this.#client = client;
    this.#before = before;
    this.#retries = retries;
    this.#format = settings.createFormat();
    if (before !== undefined) this.#largestBody = serverLimits(before, Date.now()).maxBodyBytes;
    if (!settings.dryRun && before !== undefined) {
      const fail = (error: unknown): void => this.#fail(error);
      this.#durability = watchDurability(
        settings.durability,
        client,
        this.ledger,
        before,
        signal,
        fail,
      );
    }
  }

  async write(batch: SeriesBatch): Promise<void> {
    clearTimeout(this.#linger);
    this.#throwFailure();
    this.#check(batch);
    const cursor = this.#format.cursor(batch);
    this.#body ??= await this.#nextBody();
    while (!cursor.fill(this.#body)) {
      this.#send(this.#items);
      this.#body = await this.#nextBody();
    }
    this.#dropped += cursor.dropped;
    this.#items += 1;
    batch.release?.();
    this.#linger = setTimeout(() => this.#flush(), LINGER_MS);
    this.#linger.unref();
  }

  async close(): Promise<VictoriaMetricsResult> {
    clearTimeout(this.#linger);
    this.#flush();
    while (this.#inFlight.size > 0 && this.#failure === undefined) {
      await Promise.race(this.#inFlight);
    }
    this.#throwFailure();
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
    await this.#client.get("/internal/resetRollupResultCache").catch((error: unknown) => {
      this.#context.logger.debug({ error }, "The database's query cache could not be reset.");
    });
  }

  /** Lets go of timers and completes the watermark; may be called twice. */
  async end(): Promise<void> {
    clearTimeout(this.#linger);
    this.#durability?.stop();
    this.ledger.complete();
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
    const { path, headers } = this.#format;
    const bytes = this.#format.finish(body);
    const sent = this.ledger.sent(items, body.samples);
    this.#requests += 1;
    this.#bytes += bytes.length;
    const request = this.#settings.dryRun
      ? Promise.resolve()
      : this.#client.send(path, headers, bytes);
    const done: Promise<void> = request
      .then(
        () => {
          this.#samples += body.samples;
          // Only now may the bytes change again: until the answer, a retry would send them once more.
          this.#free.push(body.bytes);
          this.ledger.answered(sent, performance.now());
        },
        (error: unknown) => this.#fail(error),
      )
      .finally(() => this.#inFlight.delete(done));
    this.#inFlight.add(done);
  }

  async #nextBody(): Promise<Body> {
    const { bodyBytes, connections } = this.#settings;
    while (true) {
      this.#throwFailure();
      const bytes = this.#free.pop();
      if (bytes !== undefined) return this.#format.start(bytes);
      // One more than there are connections, so that one can be filled while the others are away.
      if (this.#buffers <= connections) {
        this.#buffers += 1;
        return this.#format.start(Buffer.allocUnsafeSlow(Math.min(bodyBytes, this.#largestBody)));
      }
      await Promise.race(this.#inFlight);
    }
  }

  #fail(error: unknown): void {
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
    const lost = before && after ? newlyLost(before, after) : new Map<string, number>();
    return {
      samples: this.#settings.dryRun ? 0 : this.#samples,
      dropped: this.#dropped,
      requests: this.#requests,
      bytes: this.#bytes,
      retries: this.#retries(),
      lostRows: Object.fromEntries(lost),
      database: { version: before?.version, cpuMs, cores: before?.cores },
      acceptedMs,
      durableMs,
    };
  }
}
