import {
  gridRange,
  gridTimes,
  type Labels,
  MillraceError,
  type SeriesBatch,
  type SeriesTable,
} from "@millrace/core";
import { SeriesKeys } from "../checkpoint/series-keys.ts";
import { isWhole, sparseSeries } from "../encode/series-cells.ts";
import { DayCover, type DayRange } from "./day-cover.ts";
import { SampleChecksum } from "./sample-checksum.ts";

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
   * `complete`: it gained at least what was sent, and where it holds nothing else, every sample of it is
   * the one that was sent (by checksum). `missing`: it held nothing before and gained less. `different`:
   * it holds as many, but others. `excess`: it held nothing before and gained more. `inconclusive`: it
   * gained less, but had held something, which may be the same samples; whether anything is lost, a
   * count cannot say.
   */
  readonly verdict: "complete" | "missing" | "different" | "excess" | "inconclusive";
}

/** Counts the samples in the database of one part's metrics on some days. */
export type CountDays = (
  value: string,
  names: readonly string[],
  days: DayRange,
) => Promise<number>;

/** The checksum of the samples in the database of one part's metrics on some days. */
export type SumDays = (
  value: string,
  names: readonly string[],
  days: DayRange,
) => Promise<SampleChecksum>;

export const DAY_MS = 86_400_000;
/** Behind it, a remote write has no bits for the time; the sink refuses such batches in its own words. */
const LAST_DAY = Math.floor(2 ** 42 / DAY_MS);

interface Part {
  /** The days that were counted before anything was sent of them, by metric name. */
  readonly covers: Map<string, DayCover>;
  readonly checksum: SampleChecksum;
  before: number;
  sent: number;
}

/** The books of a load: what each part sent, and what the database held of it before. */
export class LoadParts {
  readonly #by: string;
  readonly #keys: SeriesKeys;
  readonly #parts = new Map<string, Part>();
  readonly #names = new WeakMap<SeriesTable, ReadonlyMap<string, ReadonlySet<string>>>();

  /**
   * @param by - the label whose values are the parts
   * @param extraLabels - labels that the database puts on every series
   */
  constructor(by: string, extraLabels: Labels) {
    this.#by = by;
    this.#keys = new SeriesKeys(extraLabels);
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
  async compare(count: CountDays, sum: SumDays): Promise<readonly ComparedPart[]> {
    const compared: ComparedPart[] = [];
    for (const [value, part] of this.#parts) {
      if (part.sent === 0) continue;
      const covered = new Map([...part.covers].map(([name, { ranges }]) => [name, ranges]));
      const found = await countAll(value, covered, count);
      let verdict = verdictOf(part, found);
      // Only where it holds what was sent and nothing else can the values be told by their sum.
      if (found === part.sent) {
        const stored = new SampleChecksum();
        await forEachRange(covered, async (names, days) => {
          stored.addAll(await sum(value, names, days));
        });
        verdict = stored.equals(part.checksum) ? "complete" : "different";
      }
      compared.push(comparedPart(value, part, found, verdict));
    }
    return compared;
  }

  #part(value: string): Part {
    const part = this.#parts.get(value) ?? emptyPart();
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
    const { table, firstSeries, seriesCount, values, grid } = batch;
    const whole = isWhole(batch);
    const times = gridTimes(grid);
    const keys = this.#keys.get(table);
    for (let row = 0; row < seriesCount; row++) {
      const series = firstSeries + row;
      const part = this.#part(table.labels[series]?.[this.#by] as string);
      const key = keys[series] as number;
      if (whole) {
        const divisor = table.divisors?.[series] ?? 1;
        const offset = row * times.length;
        for (let t = 0; t < times.length; t++) {
          part.checksum.add(key, times[t] as number, (values[offset + t] as number) / divisor);
        }
        part.sent += times.length;
      } else {
        const sparse = sparseSeries(batch, row, times);
        sparse.values.forEach((value, i) => {
          part.checksum.add(key, sparse.timesMs[i] as number, value);
        });
        part.sent += sparse.values.length;
      }
    }
  }
}

function emptyPart(): Part {
  return { covers: new Map(), checksum: new SampleChecksum(), before: 0, sent: 0 };
}

function coverOf({ covers }: Part, name: string): DayCover {
  const cover = covers.get(name) ?? new DayCover();
  covers.set(name, cover);
  return cover;
}

async function countAll(
  value: string,
  ranges: ReadonlyMap<string, readonly DayRange[]>,
  count: CountDays,
): Promise<number> {
  let total = 0;
  await forEachRange(ranges, async (names, days) => {
    total += await count(value, names, days);
  });
  return total;
}

/** Asks once for all names of which the same days are wanted, which is the rule. */
async function forEachRange(
  ranges: ReadonlyMap<string, readonly DayRange[]>,
  ask: (names: readonly string[], days: DayRange) => Promise<void>,
): Promise<void> {
  const alike = Map.groupBy(ranges, ([, days]) => JSON.stringify(days));
  for (const group of alike.values()) {
    const names = group.map(([name]) => name);
    for (const days of group[0]?.[1] ?? []) await ask(names, days);
  }
}

function daysOf(batch: SeriesBatch): DayRange | undefined {
  if (batch.values.length === 0) return undefined;
  const { firstMs, lastMs } = gridRange(batch.grid);
  const first = Math.max(0, Math.floor(firstMs / DAY_MS));
  const last = Math.min(LAST_DAY, Math.floor(lastMs / DAY_MS));
  return first <= last ? { first, last } : undefined;
}

function verdictOf({ before, sent }: Part, found: number): ComparedPart["verdict"] {
  const gained = found - before;
  if (gained < sent) return before === 0 ? "missing" : "inconclusive";
  return gained > sent && before === 0 ? "excess" : "complete";
}

function comparedPart(
  value: string,
  { before, sent }: Part,
  found: number,
  verdict: ComparedPart["verdict"],
): ComparedPart {
  const gained = found - before;
  // What a load that went on had sent before counts as there, once the sum has proved it.
  const missing = found === sent ? 0 : Math.min(sent, Math.max(0, sent - gained));
  return { value, sent, before, found, missing, extra: Math.max(0, gained - sent), verdict };
}
