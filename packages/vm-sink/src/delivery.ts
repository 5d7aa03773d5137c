import { setTimeout as pause } from "node:timers/promises";
import { type Labels, MillraceError, type SeriesSamples } from "@millrace/core";
import type { BodySender } from "./body-sender.ts";
import { quietState } from "./checkpoint/quiet-state.ts";
import { missingSamples, SampleBag } from "./checkpoint/sample-bag.ts";
import { storedSamples } from "./checkpoint/stored-samples.ts";
import type { DeadLetter } from "./dead-letter/dead-letter.ts";
import type { Body, BodyFormat } from "./encode/body-format.ts";
import { seriesBodies } from "./encode/series-bodies.ts";
import type { Client } from "./wire/client.ts";
import type { Endpoint } from "./wire/endpoint.ts";
import { isInDoubt } from "./wire/failures.ts";
import type { ServerState } from "./wire/server-state.ts";

/** What {@link Delivery} works with. */
export interface DeliveryOptions {
  readonly client: Client;
  readonly sender: BodySender;
  /** Where it can be looked up what is stored; undefined where that proves nothing. */
  readonly lookup: Client | undefined;
  readonly format: BodyFormat;
  /** Size of the bodies that are made anew. */
  readonly bodyBytes: number;
  /** The database as it was when the run began. */
  readonly before: ServerState;
  /** Where refused series go; without it a refusal ends the run. */
  readonly deadLetter: DeadLetter | undefined;
  /** The database keeps one of equal samples, so that sending twice does no harm. */
  readonly deduplicates: boolean;
  /** Whether the run could be started again from a checkpoint. */
  readonly resumable: boolean;
  /** Tells a person. */
  warn(message: string): void;
}

/** Refused series that are held back until the database has taken anything at all. */
const MOST_HELD = 100;
/** Refusals that are about what is in a body; any other would meet every body. */
const ABOUT_CONTENT: ReadonlySet<unknown> = new Set([400, 409, 413, 422]);
const TOO_LARGE = 413;

/**
 * Brings bodies into the database, each exactly once.
 *
 * A body that is refused is halved until the series that is to blame stands alone; that one goes to the
 * dead-letter file. A body whose fate is unknown, because its connection broke, is looked up in the
 * database, and what is missing of it is sent again.
 */
export class Delivery {
  /** Sent for bodies as they came, as they went over the wire; what is sent again does not count. */
  bytes = 0;
  readonly #options: DeliveryOptions;
  /** Refused before anything was taken: perhaps the database refuses everything. */
  #held: { readonly series: SeriesSamples; readonly reason: string }[] = [];
  #hasTaken = false;
  #hasWarned = false;
  #underWay = 0;
  /** Doubts are settled one after the other, while nothing else is sent. */
  #settling: Promise<unknown> = Promise.resolve();
  #closed = 0;
  /** Whether a request may still be at work in the database although its connection is gone. */
  #restless: boolean;

  /** @param restless - an earlier run may have broken off just now */
  constructor(options: DeliveryOptions, restless: boolean) {
    this.#options = options;
    this.#restless = restless;
  }

  /**
   * Settles when the database has the body, or the dead-letter file what it refused of it.
   *
   * @param mayRepeat - the body may hold samples that an earlier one held, too
   * @returns samples that the database took
   */
  async deliver(body: Body, mayRepeat: boolean): Promise<number> {
    try {
      await this.#send(body);
      return body.samples;
    } catch (error) {
      if (!MillraceError.is(error)) throw error;
      const { format } = this.#options;
      if (isInDoubt(error)) {
        if (mayRepeat || this.#options.lookup === undefined) return await this.#repeat(body, error);
        return await this.settle(format.read(body), new SampleBag());
      }
      if (!isAboutContent(error)) throw error;
      return await this.#bisect(format.read(body), error);
    }
  }

  /**
   * Sends what the database lacks of some series.
   *
   * @param others - samples that lie there on behalf of others and do not count
   * @returns samples that were sent
   */
  async settle(series: readonly SeriesSamples[], others: SampleBag): Promise<number> {
    const before = this.#settling;
    const mine = (async () => {
      await before.catch(() => {});
      while (this.#underWay > 0) await new Promise((resolve) => setTimeout(resolve, 5));
      return await this.#settleAlone(series, others);
    })();
    this.#closed += 1;
    this.#settling = mine;
    try {
      return await mine;
    } finally {
      this.#closed -= 1;
    }
  }

  /** Whether the database, or the dead-letter file, holds at least one of these samples, or there is none. */
  async holdsAnyOf(series: readonly SeriesSamples[]): Promise<boolean> {
    const count = countOf(series);
    if (count === 0) return true;
    const dead = (await this.#options.deadLetter?.contents()) ?? NOTHING;
    return countOf(await this.#missing(series, NOTHING, dead)) < count;
  }

  /** @throws MillraceError SINK_REJECTED when the database refused everything */
  async close(): Promise<void> {
    const [first] = this.#held;
    if (first !== undefined && !this.#hasTaken) throw refusesEverything(first.reason);
    await this.#letGo();
  }

  async #settleAlone(series: readonly SeriesSamples[], others: SampleBag): Promise<number> {
    const { client, before, format, bodyBytes, deadLetter } = this.#options;
    const dead = (await deadLetter?.contents()) ?? NOTHING;
    let sent = 0;
    while (true) {
      if (this.#restless) {
        await quietState(client, before);
        this.#restless = false;
      }
      const missing = await this.#surelyMissing(series, others, dead);
      if (missing.length === 0) return sent;
      try {
        for (const body of seriesBodies(missing, format, bodyBytes)) {
          sent += await this.#sendOrBisect(body);
        }
        return sent;
      } catch (error) {
        if (!MillraceError.is(error) || !isInDoubt(error)) throw error;
        this.#restless = true;
      }
    }
  }

  /**
   * A busy database may show what it just took a second later, even after it was told to show it (seen
   * with 1.79.5). So only what two looks in a row do not find is missing.
   */
  async #surelyMissing(
    series: readonly SeriesSamples[],
    others: SampleBag,
    dead: SampleBag,
  ): Promise<readonly SeriesSamples[]> {
    let missing = await this.#missing(series, others, dead);
    while (missing.length > 0) {
      await pause(LOOK_AGAIN_MS);
      const still = await this.#missing(series, others, dead);
      if (countOf(still) === countOf(missing)) return still;
      missing = still;
    }
    return missing;
  }

  async #missing(
    series: readonly SeriesSamples[],
    others: SampleBag,
    dead: SampleBag,
  ): Promise<readonly SeriesSamples[]> {
    const { client, lookup } = this.#options;
    if (lookup === undefined) throw unlookable(client.endpoint);
    const asStored = (labels: Labels): Labels => ({ ...labels, ...client.endpoint.extraLabels });
    const names = series.map(({ labels }) => asStored(labels));
    const { firstMs, lastMs } = rangeOf(series);
    const stored = await lookup.patiently(() => storedSamples(lookup, names, firstMs, lastMs));
    if (!stored.isEmpty) this.#hasTaken = true;
    return series.flatMap((one, index) => {
      const unstored = missingSamples(one, stored, others, names[index]);
      return (unstored && missingSamples(unstored, dead, NOTHING)) ?? [];
    });
  }

  /** What the same body would do twice cannot be told from what two bodies did. */
  async #repeat(body: Body, doubt: MillraceError): Promise<number> {
    if (this.#options.resumable) {
      throw new MillraceError(
        "REMOTE_FAILED",
        `${doubt.message} Whether the database stored the last request can only be told by going through the data again.`,
        { cause: doubt, retryable: true },
      );
    }
    const { sender, warn } = this.#options;
    if (!this.#hasWarned) warn(`${doubt.message} ${REPEATED}`);
    this.#hasWarned = true;
    await sender.send(await sender.wrap(body), true);
    return body.samples;
  }

  async #sendOrBisect(body: Body): Promise<number> {
    const { sender, format, deduplicates } = this.#options;
    try {
      await sender.send(await sender.wrap(body), deduplicates);
      await this.#took();
      return body.samples;
    } catch (error) {
      if (!MillraceError.is(error) || !isAboutContent(error)) throw error;
      return await this.#bisect(format.read(body), error);
    }
  }

  async #send(body: Body): Promise<void> {
    const { sender, deduplicates } = this.#options;
    // Compressed already while others are settled: it needs no connection.
    const wire = await sender.wrap(body);
    this.bytes += wire.bytes.length;
    while (this.#closed > 0) await this.#settling.catch(() => {});
    this.#underWay += 1;
    try {
      await sender.send(wire, deduplicates);
    } catch (error) {
      if (MillraceError.is(error) && isInDoubt(error)) this.#restless = true;
      throw error;
    } finally {
      this.#underWay -= 1;
    }
    await this.#took();
  }

  /** @returns samples that the database took */
  async #bisect(series: readonly SeriesSamples[], refusal: MillraceError): Promise<number> {
    const { deadLetter, format, bodyBytes } = this.#options;
    if (deadLetter === undefined) throw refusal;
    const [only] = series;
    if (only === undefined) return 0;
    const parts =
      series.length > 1
        ? halves(series)
        : refusal.details["status"] === TOO_LARGE && only.values.length > 1
          ? halvesOfSamples(only)
          : [];
    if (parts.length === 0) {
      await this.#refuse(only, refusal.message);
      return 0;
    }
    let taken = 0;
    for (const part of parts) {
      for (const body of seriesBodies(part, format, bodyBytes)) {
        taken += await this.#deliverPart(body);
      }
    }
    return taken;
  }

  /** A part of a refused body is in doubt like any other, and settled like it. */
  async #deliverPart(body: Body): Promise<number> {
    try {
      return await this.#sendOrBisect(body);
    } catch (error) {
      if (!MillraceError.is(error) || !isInDoubt(error)) throw error;
      this.#restless = true;
      if (this.#options.lookup === undefined) return await this.#repeat(body, error);
      return await this.#settleAlone(this.#options.format.read(body), NOTHING);
    }
  }

  async #refuse(series: SeriesSamples, reason: string): Promise<void> {
    this.#held.push({ series, reason });
    if (this.#hasTaken) await this.#letGo();
    else if (this.#held.length >= MOST_HELD) throw refusesEverything(reason);
  }

  async #took(): Promise<void> {
    this.#hasTaken = true;
    if (this.#held.length > 0) await this.#letGo();
  }

  async #letGo(): Promise<void> {
    const held = this.#held;
    this.#held = [];
    for (const { series, reason } of held) await this.#options.deadLetter?.add(series, reason);
  }
}

const NOTHING = new SampleBag();
/** Longer than a database is seen to take for showing what it took. */
const LOOK_AGAIN_MS = 1_500;
const REPEATED =
  "It is unknown whether the database stored the last request. It is sent again; its samples may be there twice. With a checkpoint it could be told.";

/** Why a load with a checkpoint cannot go on, or not even begin. */
export function unlookable({ shown, cluster }: Endpoint): MillraceError {
  const remedy =
    cluster === undefined
      ? "Leave out the checkpoint, or load into the database itself."
      : "Give the address of its vmselect as selectUrl, or leave out the checkpoint.";
  return new MillraceError(
    "UNSUPPORTED",
    `A checkpoint has to look up what is stored, which cannot be done at ${shown}. ${remedy}`,
  );
}

function isAboutContent({ code, details }: MillraceError): boolean {
  return code === "SINK_REJECTED" && ABOUT_CONTENT.has(details["status"]);
}

function refusesEverything(reason: string): MillraceError {
  return new MillraceError(
    "SINK_REJECTED",
    `The database refuses everything that it is sent, so the address or its settings must be wrong: ${reason}`,
  );
}

function countOf(series: readonly SeriesSamples[]): number {
  return series.reduce((sum, { values }) => sum + values.length, 0);
}

function halves<T>(list: readonly T[]): readonly (readonly T[])[] {
  const middle = Math.ceil(list.length / 2);
  return [list.slice(0, middle), list.slice(middle)];
}

function halvesOfSamples({ labels, timesMs, values }: SeriesSamples): SeriesSamples[][] {
  const middle = Math.ceil(values.length / 2);
  return [
    [{ labels, timesMs: timesMs.subarray(0, middle), values: values.subarray(0, middle) }],
    [{ labels, timesMs: timesMs.subarray(middle), values: values.subarray(middle) }],
  ];
}

function rangeOf(series: readonly SeriesSamples[]): { firstMs: number; lastMs: number } {
  let [firstMs, lastMs] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { timesMs } of series) {
    for (const timeMs of timesMs) {
      firstMs = Math.min(firstMs, timeMs);
      lastMs = Math.max(lastMs, timeMs);
    }
  }
  return { firstMs, lastMs };
}
