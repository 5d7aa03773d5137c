import type { SeriesTable } from "@millrace/core";
import { LONGEST_NUMBER, writeQuotient, writeWhole } from "./number-text.ts";
import type { ElementRun, TableLayout } from "./table-layout.ts";
import type { RowTarget } from "./wide-files.ts";

/** The cells of one element over one grid: its series one after another, each with a cell a time. */
export interface ElementCells {
  readonly table: SeriesTable;
  readonly layout: TableLayout;
  readonly run: ElementRun;
  readonly values: Int32Array | Float64Array;
  /** One byte a cell, 0 where there is no sample. */
  readonly present: Uint8Array | undefined;
  /** Index of the first cell. */
  readonly offset: number;
  /** Text of each time, with a comma on either side. */
  readonly times: readonly Uint8Array[];
  /** Length of the longest of them. */
  readonly longestTime: number;
}

const COMMA = 0x2c;
const LINE_FEED = 0x0a;

/** The rows of one element on their way into buffers: asked again until they say that they are through. */
export class ElementRows {
  readonly #cells: ElementCells;
  readonly #target: RowTarget;
  readonly #prefix: Buffer;
  readonly #divisors: Float64Array | undefined;
  #column = 0;
  samples = 0;
  dropped = 0;

  constructor(cells: ElementCells, target: RowTarget) {
    this.#cells = cells;
    this.#target = target;
    this.#prefix = Buffer.from(`${target.file.form.prefix},`);
    const { first, count } = cells.run;
    this.#divisors = cells.table.divisors?.subarray(first, first + count);
  }

  /** Bytes that a row needs at most. */
  get longestRow(): number {
    const { middle, places } = this.#target;
    const fixed = this.#prefix.length + LONGEST_NUMBER + this.#cells.longestTime + middle.length;
    return fixed + places.length * (LONGEST_NUMBER + 1) + 1;
  }

  get done(): boolean {
    return this.#column >= this.#cells.times.length;
  }

  /** Writes rows from `at` on as far as there is room, and returns where they end. */
  fill(bytes: Buffer, at: number): number {
    const { file, middle } = this.#target;
    const { times } = this.#cells;
    const full = bytes.length - this.longestRow;
    let next = at;
    for (; this.#column < times.length && next <= full; this.#column++) {
      const before = this.samples;
      const start = next;
      bytes.set(this.#prefix, next);
      next = writeWhole(bytes, next + this.#prefix.length, file.rows + 1, false);
      const time = times[this.#column] as Uint8Array;
      bytes.set(time, next);
      next += time.length;
      bytes.set(middle, next);
      next = this.#writeCells(bytes, next + middle.length);
      bytes[next++] = LINE_FEED;
      // A time at which nothing was measured is no row.
      if (this.samples === before) next = start;
      else file.rows += 1;
    }
    return next;
  }

  #writeCells(bytes: Buffer, at: number): number {
    const { values, present, offset, times, layout, run } = this.#cells;
    const { places } = this.#target;
    const decimals = values instanceof Int32Array ? layout.places : undefined;
    let next = at;
    let samples = 0;
    for (let i = 0; i < places.length; i++) {
      bytes[next++] = COMMA;
      const series = places[i] as number;
      if (series < 0) continue;
      const cell = offset + series * times.length + this.#column;
      if (present !== undefined && present[cell] === 0) continue;
      const end = writeQuotient(
        bytes,
        next,
        values[cell] as number,
        this.#divisors?.[series] ?? 1,
        decimals === undefined ? -1 : (decimals[run.first + series] as number),
        false,
      );
      if (end === next) this.dropped += 1;
      else samples += 1;
      next = end;
    }
    this.samples += samples;
    return next;
  }
}
