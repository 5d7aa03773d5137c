import { eachSeries, gridRange, MillraceError, type SeriesBatch } from "@millrace/core";
import { type ItemRecord, Journal, type LoadIdentity, type ServerLife } from "./journal.ts";
import { SampleBag } from "./sample-bag.ts";
import { foldNumber, SeriesKeys } from "./series-keys.ts";

/** What is to be done with an item of a load that goes on. */
export type ItemAction =
  /** It is in the database. */
  | "skip"
  /** It may be there, whole or in part: look, and send what is missing. */
  | "compare"
  /** It was never sent. */
  | "send";

/**
 * Follows the items of a load in its journal, and says of each what is to be done with it.
 *
 * A load that goes on is read from its beginning, in the same order. Items up to the durable mark are
 * passed over, and up to the accepted one too while the database is the same process; from there to the
 * last item that was about to be sent everything is in doubt.
 */
export class Checkpoint {
  readonly #journal: Journal;
  /** Rows that the database had counted when this run began. */
  readonly #rowsBefore: number;
  readonly #keys = new SeriesKeys();
  readonly #tablePrints = new WeakMap<Float64Array, number>();
  readonly #tableNumbers = new Map<number, number>();
  /** Items below are in the database; from here to `#intent` they are in doubt. */
  readonly #present: number;
  readonly #intent: number;
  /** Records of the items in doubt that were not compared yet, in order. */
  #doubtful: ItemRecord[];
  readonly #seriesOf = new Map<number, Map<number, number>>();
  #nextTable: number;
  #item = 0;
  #print = 0;
  /** Samples of other items that lie among those in doubt: the same series at the same times. */
  readonly others: SampleBag = new SampleBag();

  private constructor(journal: Journal, life: ServerLife) {
    this.#journal = journal;
    this.#rowsBefore = life.rowsInserted;
    const { state } = journal;
    const sameLife =
      state.server !== undefined &&
      state.server.startedSeconds === life.startedSeconds &&
      state.server.rowsInserted <= life.rowsInserted;
    this.#present = sameLife ? state.accepted : state.durable;
    this.#intent = journal.intent;
    this.#doubtful = state.records.filter(({ item }) => item >= this.#present);
    this.#nextTable = Math.max(-1, ...state.tables.keys()) + 1;
    if (!sameLife) journal.serverLife(life);
  }

  /**
   * Opens the journal of a load, or starts one.
   *
   * @param life - the database's process as it is now
   * @param onFailure - told when the journal cannot be written any more
   * @throws MillraceError INVALID_OPTION when it is in use or of another load
   */
  static async open(
    path: string,
    identity: LoadIdentity,
    life: ServerLife,
    onFailure: (error: MillraceError) => void,
  ): Promise<Checkpoint> {
    return new Checkpoint(await Journal.open(path, identity, onFailure), life);
  }

  get path(): string {
    return this.#journal.path;
  }

  /** Items that are in the database already. */
  get presentItems(): number {
    return this.#present;
  }

  /** Items that survive a crash of the database already. */
  get durableItems(): number {
    return this.#journal.state.durable;
  }

  /** Items that are neither known to be in the database nor known not to be. */
  get doubtfulItems(): number {
    return Math.max(0, this.#intent - this.#present);
  }

  /**
   * Takes note of the next item.
   *
   * @throws MillraceError INVALID_OPTION when it is not the item that was loaded the last time
   */
  next(batch: SeriesBatch): ItemAction {
    const item = this.#item;
    this.#item += 1;
    const record = this.#recordOf(batch, item);
    this.#print = record.print;
    if (item < this.#intent) this.#checkUnchanged(record);
    if (item >= this.#intent) {
      this.#journal.intend(record);
      return "send";
    }
    if (item >= this.#present) {
      this.#doubtful = this.#doubtful.filter((other) => other.item !== item);
      return "compare";
    }
    this.#collect(batch, record);
    return "skip";
  }

  /** The item that {@link next} said to compare is whole in the database now. */
  compared(batch: SeriesBatch): void {
    this.#collect(batch, gridRange(batch.grid));
  }

  /** Settles once everything that {@link next} took note of is on the disk. */
  async synced(): Promise<void> {
    await this.#journal.synced();
  }

  /** @param samples - how many of this run the database has answered for by now */
  accepted(items: number, samples: number): void {
    // A restart within a second, or with a clock that was set back, shows only in what it has forgotten.
    this.#journal.accepted(items, this.#rowsBefore + samples);
  }

  durable(items: number): void {
    this.#journal.durable(items);
  }

  /** The load is complete. */
  async done(): Promise<void> {
    await this.#journal.done();
  }

  async close(): Promise<void> {
    await this.#journal.close();
  }

  #recordOf(batch: SeriesBatch, item: number): ItemRecord {
    const { firstSeries, seriesCount, table, values } = batch;
    const keys = this.#keys.get(table);
    const { firstMs, lastMs } = gridRange(batch.grid);
    let print = foldNumber(this.#print, this.#tablePrint(keys));
    for (const number of [firstSeries, seriesCount, firstMs, lastMs, values.length]) {
      print = foldNumber(print, number);
    }
    // A few of the values: enough to notice another archive, too few to cost anything.
    const step = Math.max(1, Math.floor(values.length / 64));
    for (let i = 0; i < values.length; i += step) print = foldNumber(print, values[i] as number);
    const number = item < this.#intent ? -1 : this.#tableNumber(keys);
    return { item, table: number, firstSeries, seriesCount, firstMs, lastMs, print };
  }

  #tablePrint(keys: Float64Array): number {
    let print = this.#tablePrints.get(keys);
    if (print === undefined) {
      print = keys.reduce(foldNumber, 0);
      this.#tablePrints.set(keys, print);
    }
    return print;
  }

  /** The journal forgets a table that no record refers to; then it is named again, by a new number. */
  #tableNumber(keys: Float64Array): number {
    const print = this.#tablePrint(keys);
    const known = this.#tableNumbers.get(print);
    if (known !== undefined && this.#journal.state.tables.has(known)) return known;
    const number = this.#nextTable++;
    this.#tableNumbers.set(print, number);
    this.#journal.table(number, keys);
    return number;
  }

  #checkUnchanged({ item, print }: ItemRecord): void {
    const { state } = this.#journal;
    const first = state.records[0]?.item ?? 0;
    const expected =
      item === state.durable - 1 ? state.durablePrint : state.records[item - first]?.print;
    if (expected === undefined || expected === print) return;
    throw new MillraceError(
      "INVALID_OPTION",
      `The checkpoint ${this.#journal.path} cannot be gone on from: the data differs from what was loaded the last time (item ${item + 1}). Delete it to load everything anew.`,
    );
  }

  /** Keeps the samples of an item that lie among those still in doubt; usually there are none. */
  #collect(
    batch: SeriesBatch,
    { firstMs, lastMs }: { readonly firstMs: number; readonly lastMs: number },
  ): void {
    const near = this.#doubtful.filter(
      (other) => other.firstMs <= lastMs && other.lastMs >= firstMs,
    );
    if (near.length === 0) return;
    const keys = this.#keys.get(batch.table);
    const wanted = (row: number): boolean => {
      const key = keys[batch.firstSeries + row] as number;
      return near.some(({ table, firstSeries, seriesCount }) => {
        const series = this.#seriesIn(table).get(key);
        return series !== undefined && series >= firstSeries && series < firstSeries + seriesCount;
      });
    };
    const rows = Array.from({ length: batch.seriesCount }, (_, row) => wanted(row));
    if (!rows.includes(true)) return;
    let row = 0;
    for (const { labels, timesMs, values } of eachSeries(batch)) {
      if (rows[row++]) this.others.addAll(labels, timesMs, values);
    }
  }

  #seriesIn(table: number): Map<number, number> {
    let series = this.#seriesOf.get(table);
    if (series === undefined) {
      const keys = this.#journal.state.tables.get(table) ?? new Float64Array(0);
      series = new Map(Array.from(keys, (key, index) => [key, index]));
      this.#seriesOf.set(table, series);
    }
    return series;
  }
}
