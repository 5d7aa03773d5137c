import {
  gridLength,
  gridRange,
  MillraceError,
  type SeriesBatch,
  type SeriesTable,
} from "@millrace/core";
import { isWhole, sparseSeries } from "../encode/series-cells.ts";
import { DayCover, type DayRange } from "./day-cover.ts";

/** One part of a load: what was sent, and what the database holds of the same metrics and days (UTC). */
export interface ComparedPart {
  /** Value of the label that divides the load: a serial number, say. */
  readonly value: string;
  /** Samples handed to the sink, without those that no database holds (NaN, infinities). */
  readonly sent: number;
  /** Samples that the database held before the load. */
  readonly before: number;
  /** Samples that it holds now. */
  readonly found: number;
  /** By how many it gained less than was sent. */
  readonly missing: number;
  /** By how many it gained more: another writer's, or a request that was sent twice. */
  readonly extra: number;
  /**
   * `complete`: it gained at least what was sent. `missing`: it held nothing before and gained less.
   * `inconclusive`: it gained less, but had held something, which may be the same samples; whether
   * anything is lost, a count cannot say.
   */
  readonly verdict: "complete" | "missing" | "inconclusive";
}

/** Counts the samples in the database of one part's metrics on some days. */
export type CountDays = (
  value: string,
  names: readonly string[],
  days: DayRange,
) => Promise<number>;

export const DAY_MS = 86_400_000;
/** Behind it, a remote write has no bits for the time; the sink refuses such batches in its own words. */
const LAST_DAY = Math.floor(2 ** 42 / DAY_MS);

interface Part {
  /** The days that were counted before anything was sent of them, by metric name. */
  readonly covers: Map<string, DayCover>;
  before: number;
  sent: number;
}

/** The books of a load: what each part sent, and what the database held of it before. */
export class LoadParts {
  readonly #by: string;
  readonly #parts = new Map<string, Part>();
  readonly #names = new WeakMap<SeriesTable, ReadonlyMap<string, ReadonlySet<string>>>();

  /** @param by - the label whose values are the parts */
  constructor(by: string) {
    this.#by = by;
  }

  /** To be called before a batch is sent: counts the days that are new with it, and notes its samples. */
  async note(batch: SeriesBatch, count: CountDays): Promise<void> {
    const days = daysOf(batch);
    if (days === undefined) return;
    for (const [value, names] of this.#namesByValue(batch.table)) {
      const part = this.#part(value);
      const fresh = new Map([...names].map((name) => [name, coverOf(part, name).add(days)]));
      part.before += await countAll(value, fresh, count);
    }
    this.#noteSent(batch);
  }

  /** Counts all parts of which anything was sent again, and compares. */
  async compare(count: CountDays): Promise<readonly ComparedPart[]> {
    const compared: ComparedPart[] = [];
    for (const [value, part] of this.#parts) {
      if (part.sent === 0) continue;
      const covered = new Map([...part.covers].map(([name, { ranges }]) => [name, ranges]));
      compared.push(judged(value, part, await countAll(value, covered, count)));
    }
    return compared;
  }

  #part(value: string): Part {
    const part = this.#parts.get(value) ?? { covers: new Map(), before: 0, sent: 0 };
    this.#parts.set(value, part);
    return part;
  }

  /** The metric names of a table, by part: of all its series, since more of its batches will follow. */
  #namesByValue(table: SeriesTable): ReadonlyMap<string, ReadonlySet<string>> {
    const known = this.#names.get(table);
    if (known !== undefined) return known;
    const names = new Map<string, Set<string>>();
    for (const labels of table.labels) {
      const value = labels[this.#by];
      if (value === undefined) {
        throw new MillraceError(
          "INVALID_OPTION",
          `The series ${labels["__name__"]} has no label ${this.#by}, by which the load is to be checked.`,
        );
      }
      const ofValue = names.get(value) ?? new Set();
      names.set(value, ofValue.add(labels["__name__"] ?? ""));
    }
    this.#names.set(table, names);
    return names;
  }

  #noteSent(batch: SeriesBatch): void {
    const { table, firstSeries, seriesCount } = batch;
    const whole = isWhole(batch);
    const times = gridLength(batch.grid);
    for (let row = 0; row < seriesCount; row++) {
      const value = table.labels[firstSeries + row]?.[this.#by] as string;
      this.#part(value).sent += whole ? times : sparseSeries(batch, row).values.length;
    }
  }
}

function coverOf({ covers }: Part, name: string): DayCover {
  const cover = covers.get(name) ?? new DayCover();
  covers.set(name, cover);
  return cover;
}

/** Asks once for all names of which the same days are wanted, which is the rule. */
async function countAll(
  value: string,
  ranges: ReadonlyMap<string, readonly DayRange[]>,
  count: CountDays,
): Promise<number> {
  let total = 0;
  const alike = Map.groupBy(ranges, ([, days]) => JSON.stringify(days));
  for (const group of alike.values()) {
    const names = group.map(([name]) => name);
    for (const days of group[0]?.[1] ?? []) total += await count(value, names, days);
  }
  return total;
}

function daysOf(batch: SeriesBatch): DayRange | undefined {
  if (batch.values.length === 0) return undefined;
  const { firstMs, lastMs } = gridRange(batch.grid);
  const first = Math.max(0, Math.floor(firstMs / DAY_MS));
  const last = Math.min(LAST_DAY, Math.floor(lastMs / DAY_MS));
  return first <= last ? { first, last } : undefined;
}

function judged(value: string, { before, sent }: Part, found: number): ComparedPart {
  const gained = found - before;
  const missing = Math.min(sent, Math.max(0, sent - gained));
  const verdict = missing === 0 ? "complete" : before === 0 ? "missing" : "inconclusive";
  return { value, sent, before, found, missing, extra: Math.max(0, gained - sent), verdict };
}
