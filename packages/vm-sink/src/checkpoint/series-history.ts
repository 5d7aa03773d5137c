import { gridRange, type SeriesBatch, type SeriesTable } from "@millrace/core";
import { SeriesKeys } from "./series-keys.ts";

/** What was written of one table. */
interface WrittenTable {
  readonly keys: Float64Array;
  firstMs: number;
  lastMs: number;
  /** Newest time written of each series. */
  readonly until: Float64Array;
}

/** Series remembered at most; beyond, every item counts as one that may repeat. */
const MOST_SERIES = 2_000_000;

/**
 * Knows whether an item may hold samples at times at which an earlier item wrote the same series, as two
 * controllers of one array do. Of such an item nobody can say by looking into the database whose copy it
 * is that is there. It errs on the side of "may".
 */
export class SeriesHistory {
  readonly #keys = new SeriesKeys();
  readonly #byTable = new WeakMap<SeriesTable, WrittenTable>();
  readonly #tables: WrittenTable[] = [];
  readonly #shared = new WeakMap<Float64Array, WeakMap<Float64Array, boolean>>();
  #series = 0;

  /** Notes an item, and says whether it may repeat what came before it. */
  repeats(batch: SeriesBatch): boolean {
    const { table, firstSeries, seriesCount, grid } = batch;
    if (this.#series > MOST_SERIES) return true;
    const { firstMs, lastMs } = gridRange(grid);
    const mine = this.#written(table);
    let repeats = this.#tables.some(
      (other) =>
        other !== mine &&
        other.firstMs <= lastMs &&
        other.lastMs >= firstMs &&
        this.#share(mine.keys, other.keys),
    );
    for (let series = firstSeries; series < firstSeries + seriesCount; series++) {
      if ((mine.until[series] as number) >= firstMs) repeats = true;
      mine.until[series] = Math.max(mine.until[series] as number, lastMs);
    }
    mine.firstMs = Math.min(mine.firstMs, firstMs);
    mine.lastMs = Math.max(mine.lastMs, lastMs);
    return repeats;
  }

  #written(table: SeriesTable): WrittenTable {
    let written = this.#byTable.get(table);
    if (written === undefined) {
      const keys = this.#keys.get(table);
      written = {
        keys,
        firstMs: Number.POSITIVE_INFINITY,
        lastMs: Number.NEGATIVE_INFINITY,
        until: new Float64Array(keys.length).fill(Number.NEGATIVE_INFINITY),
      };
      this.#byTable.set(table, written);
      this.#tables.push(written);
      this.#series += keys.length;
    }
    return written;
  }

  #share(a: Float64Array, b: Float64Array): boolean {
    let answers = this.#shared.get(a);
    if (answers === undefined) {
      answers = new WeakMap();
      this.#shared.set(a, answers);
    }
    let answer = answers.get(b);
    if (answer === undefined) {
      const known = new Set(b);
      answer = a.some((key) => known.has(key));
      answers.set(b, answer);
    }
    return answer;
  }
}
