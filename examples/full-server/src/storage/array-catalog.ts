import { MillraceError } from "@millrace/core";
import type { ObjectStore } from "@millrace/core/objects";
import { z } from "zod";
import type { LoadResult } from "./load/load-job.ts";

/** One load of one array. */
const loadRecord = z.object({
  serial: z.string(),
  model: z.string(),
  controllers: z.array(z.string()),
  intervals: z.array(z.number()),
  timeRangeMs: z.tuple([z.number(), z.number()]),
  samples: z.number(),
  series: z.number(),
  loadedMs: z.number(),
});
type LoadRecord = z.output<typeof loadRecord>;

/** An array, as its loads know it. */
export interface StorageArray {
  readonly serial: string;
  readonly model: string;
  readonly controllers: readonly string[];
  /** Seconds between samples; all that occur, ascending. */
  readonly intervals: readonly number[];
  readonly intervalSeconds: number;
  /** First and last sample. */
  readonly timeRangeMs: readonly [number, number];
  /** Samples that were loaded, repeated loads of the same ones included. */
  readonly samples: number;
  /** Series of the load that had the most. */
  readonly series: number;
  readonly loads: number;
  readonly lastLoadMs: number;
}

const PREFIX = "arrays/";

/**
 * The arrays that were loaded, from notes that each load leaves beside the uploads: one object a load and array, so
 * that workers need not agree on anything and a load that runs twice leaves one note.
 */
export class ArrayCatalog {
  readonly #objects: ObjectStore;
  readonly #records = new Map<string, LoadRecord>();

  constructor(objects: ObjectStore) {
    this.#objects = objects;
  }

  /** Notes the arrays of a finished load. */
  async note(jobId: string, arrays: LoadResult["arrays"], loadedMs: number): Promise<void> {
    for (const array of arrays) {
      const record: LoadRecord = { ...loadRecord.parse({ ...array, loadedMs }) };
      const key = `${prefixOf(array.serial)}${jobId}.json`;
      await this.#objects.put(key, [Buffer.from(JSON.stringify(record))]);
    }
  }

  /** All arrays, the one that was loaded last first. */
  async list(): Promise<readonly StorageArray[]> {
    const bySerial = Map.groupBy(await this.#all(PREFIX), ({ serial }) => serial);
    const arrays = [...bySerial.values()].map(together);
    return arrays.sort((a, b) => b.lastLoadMs - a.lastLoadMs);
  }

  /** @throws MillraceError NOT_FOUND when nothing of this array was loaded */
  async get(serial: string): Promise<StorageArray> {
    const records = await this.#all(prefixOf(serial));
    if (records.length > 0) return together(records);
    throw new MillraceError("NOT_FOUND", `No array ${serial} was loaded here.`);
  }

  /** Forgets an array. */
  async delete(serial: string): Promise<void> {
    for (const key of await this.#keys(prefixOf(serial))) {
      await this.#objects.delete(key);
      this.#records.delete(key);
    }
  }

  async #all(prefix: string): Promise<readonly LoadRecord[]> {
    const records: LoadRecord[] = [];
    for (const key of await this.#keys(prefix)) {
      const known = this.#records.get(key) ?? (await this.#read(key));
      if (known === undefined) continue;
      this.#records.set(key, known);
      records.push(known);
    }
    return records;
  }

  async #keys(prefix: string): Promise<readonly string[]> {
    const keys: string[] = [];
    let after: string | undefined;
    do {
      const page = await this.#objects.list({ prefix, ...(after === undefined ? {} : { after }) });
      keys.push(...page.objects.map(({ key }) => key));
      after = page.next;
    } while (after !== undefined);
    return keys;
  }

  /** A record never changes, but may be deleted by another process meanwhile. */
  async #read(key: string): Promise<LoadRecord | undefined> {
    const pieces: Uint8Array[] = [];
    try {
      for await (const piece of this.#objects.get(key)) pieces.push(piece);
    } catch (error) {
      if (MillraceError.is(error) && error.code === "NOT_FOUND") return undefined;
      throw error;
    }
    return loadRecord.parse(JSON.parse(Buffer.concat(pieces).toString()));
  }
}

/** A text from an archive may hold half of a character, which has no code in an address. */
function prefixOf(serial: string): string {
  return `${PREFIX}${encodeURIComponent(serial.toWellFormed())}/`;
}

function together(records: readonly LoadRecord[]): StorageArray {
  const newest = records.reduce((a, b) => (b.loadedMs > a.loadedMs ? b : a));
  const intervals = [...new Set(records.flatMap((record) => record.intervals))].sort(
    (a, b) => a - b,
  );
  return {
    serial: newest.serial,
    model: newest.model,
    controllers: [...new Set(records.flatMap(({ controllers }) => controllers))].sort(),
    intervals,
    intervalSeconds: intervals[0] ?? 0,
    timeRangeMs: [
      Math.min(...records.map(({ timeRangeMs: [from] }) => from)),
      Math.max(...records.map(({ timeRangeMs: [, to] }) => to)),
    ],
    samples: records.reduce((sum, { samples }) => sum + samples, 0),
    series: Math.max(...records.map(({ series }) => series)),
    loads: records.length,
    lastLoadMs: newest.loadedMs,
  };
}
