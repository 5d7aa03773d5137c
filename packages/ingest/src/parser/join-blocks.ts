import {
  MillraceError,
  type OriginShare,
  type SeriesBatch,
  type Stage,
  type TimeGrid,
} from "@millrace/core";
import { BatchMemory } from "./batch-memory.ts";
import type { OriginBlock } from "./parse-members.ts";

/** Bounds of {@link joinBlocks}. */
export interface JoinOptions {
  /**
   * Rows to collect before they are delivered. A database spends a third of the time on a series with
   * 288 samples in a record that it spends on 15; above about 1,000 it gets slower again.
   * @defaultValue 288
   */
  readonly rows?: number;
  /** Most memory for the rows in waiting. @defaultValue 16 MiB */
  readonly bytes?: number;
  /** Size of the values of one delivered batch, roughly. @defaultValue 1 MiB */
  readonly batchBytes?: number;
}

const MIB = 1024 * 1024;

/**
 * A stage that joins consecutive blocks of equal columns and turns rows into series.
 *
 * Blocks are joined while they share the table, the layout and the step and go forward in time; anything
 * else delivers what is waiting first. A join is delivered as several batches, each of consecutive series,
 * so that each fits the processor's cache while a sink encodes it.
 *
 * @throws MillraceError INVALID_OPTION when a bound is no number above 0
 */
export function joinBlocks(options: JoinOptions = {}): Stage<OriginBlock, SeriesBatch> {
  const { rows = 288, bytes = 16 * MIB, batchBytes = MIB } = options;
  for (const [name, value] of Object.entries({ rows, bytes, batchBytes })) {
    if (value > 0) continue;
    throw new MillraceError(
      "INVALID_OPTION",
      `joinBlocks: ${name} is ${value}; give a number above 0.`,
    );
  }
  return async function* join(input) {
    const joined = new Join(rows, bytes, batchBytes);
    for await (const block of input) {
      if (block.rowCount === 0 || block.table.labels.length === 0) continue;
      if (!joined.accepts(block)) yield* joined.deliver();
      let from = 0;
      while (from < block.rowCount) {
        from += joined.take(block, from);
        if (joined.full) yield* joined.deliver();
      }
    }
    yield* joined.deliver();
  };
}

/** Rows in waiting. The row buffer is reused from join to join; what is delivered is freshly made. */
class Join {
  readonly #maxRows: number;
  readonly #maxBytes: number;
  readonly #batchBytes: number;
  readonly #memory = new BatchMemory();
  #block: OriginBlock | undefined;
  #bytes = new Uint8Array(0);
  #capacity = 0;
  #rows = 0;
  #segments: { origin: string; firstRow: number; rowCount: number; startMs: number }[] = [];

  constructor(maxRows: number, maxBytes: number, batchBytes: number) {
    this.#maxRows = maxRows;
    this.#maxBytes = maxBytes;
    this.#batchBytes = batchBytes;
  }

  get full(): boolean {
    return this.#rows > 0 && this.#rows >= this.#capacity;
  }

  /** Whether the block continues what is waiting. */
  accepts(block: OriginBlock): boolean {
    const first = this.#block;
    const last = this.#segments.at(-1);
    if (first === undefined || last === undefined) return true;
    return (
      first.table === block.table &&
      first.columns === block.columns &&
      first.columnCount === block.columnCount &&
      first.cells.type === block.cells.type &&
      first.stepMs === block.stepMs &&
      first.noSample === block.noSample &&
      block.startMs >= last.startMs + last.rowCount * first.stepMs
    );
  }

  /** Copies rows of the block, from row `from` on, and says how many had room. */
  take(block: OriginBlock, from: number): number {
    const rowBytes = block.columnCount * cellBytes(block);
    if (this.#block === undefined) this.#begin(block, rowBytes);
    const rowCount = Math.min(block.rowCount - from, this.#capacity - this.#rows);
    const part = block.cells.bytes.subarray(from * rowBytes, (from + rowCount) * rowBytes);
    if (part.length < rowCount * rowBytes) throw tooShort(block);
    this.#bytes.set(part, this.#rows * rowBytes);
    this.#segments.push({
      origin: block.origin,
      firstRow: this.#rows,
      rowCount,
      startMs: block.startMs + from * block.stepMs,
    });
    this.#rows += rowCount;
    return rowCount;
  }

  /** Everything in waiting as batches; afterwards nothing is waiting. */
  *deliver(): Generator<SeriesBatch> {
    const block = this.#block;
    if (block === undefined || this.#rows === 0) return;
    const { table, columns, columnCount, cells, noSample } = block;
    const rowCount = this.#rows;
    const grid = this.#grid(block.stepMs);
    const length = rowCount * columnCount;
    const matrix =
      cells.type === "int32"
        ? new Int32Array(this.#bytes.buffer, 0, length)
        : new Float64Array(this.#bytes.buffer, 0, length);
    const seriesBytes = rowCount * cellBytes(block);
    const perBatch = Math.max(1, Math.floor(this.#batchBytes / seriesBytes));
    const segments = this.#segments;
    for (let first = 0; first < table.labels.length; first += perBatch) {
      const seriesCount = Math.min(perBatch, table.labels.length - first);
      const buffer = this.#memory.take(perBatch * seriesBytes);
      const values =
        cells.type === "int32"
          ? new Int32Array(buffer, 0, seriesCount * rowCount)
          : new Float64Array(buffer, 0, seriesCount * rowCount);
      transpose(matrix, values, { columnCount, rowCount, columns, first, seriesCount });
      const present = noSample === undefined ? undefined : presence(values, noSample);
      if (present?.includes(1) === false) {
        this.#memory.giveBack(buffer);
        continue;
      }
      const origins = segments.map(
        ({ origin, firstRow, rowCount: rows }): OriginShare => ({
          origin,
          firstRow,
          rowCount: rows,
          count:
            present === undefined
              ? rows * seriesCount
              : countPresent(present, rowCount, firstRow, firstRow + rows),
        }),
      );
      const release = (): void => this.#memory.giveBack(buffer);
      const batch = { table, firstSeries: first, seriesCount, grid, values, origins, release };
      yield present === undefined ? batch : { ...batch, present };
    }
    this.#block = undefined;
    this.#rows = 0;
    this.#segments = [];
  }

  #begin(block: OriginBlock, rowBytes: number): void {
    this.#block = block;
    this.#capacity = Math.max(1, Math.floor(Math.min(this.#maxRows, this.#maxBytes / rowBytes)));
    const needed = this.#capacity * rowBytes;
    if (this.#bytes.length < needed) this.#bytes = new Uint8Array(needed);
  }

  #grid(stepMs: number): TimeGrid {
    const first = this.#segments[0]?.startMs ?? 0;
    const regular = this.#segments.every((s) => s.startMs === first + s.firstRow * stepMs);
    if (regular) return { startMs: first, stepMs, count: this.#rows };
    const timesMs = new Float64Array(this.#rows);
    for (const { firstRow, rowCount, startMs } of this.#segments) {
      for (let i = 0; i < rowCount; i++) timesMs[firstRow + i] = startMs + i * stepMs;
    }
    return { timesMs };
  }
}

interface Layout {
  readonly columnCount: number;
  readonly rowCount: number;
  readonly columns: Uint32Array | undefined;
  readonly first: number;
  readonly seriesCount: number;
}

/**
 * Rows to series. Walking down one column touches a cache line a row, and the next 15 columns find the
 * same lines still in the first-level cache, so the plain double loop is the fast one.
 */
function transpose(
  rows: Int32Array | Float64Array,
  series: Int32Array | Float64Array,
  { columnCount, rowCount, columns, first, seriesCount }: Layout,
): void {
  let target = 0;
  for (let s = 0; s < seriesCount; s++) {
    let cell = columns === undefined ? first + s : (columns[first + s] as number);
    for (let row = 0; row < rowCount; row++) {
      series[target++] = rows[cell] as number;
      cell += columnCount;
    }
  }
}

/** One byte a cell, 0 where it holds no sample; undefined where all do. */
function presence(
  values: Int32Array | Float64Array,
  noSample: number,
): Uint8Array<ArrayBuffer> | undefined {
  if (!values.includes(noSample as never)) return undefined;
  return Uint8Array.from(values, (value) => (value === noSample ? 0 : 1));
}

/** Samples of all series in some of the rows. */
function countPresent(present: Uint8Array, rowCount: number, from: number, to: number): number {
  let count = 0;
  for (let series = 0; series < present.length; series += rowCount) {
    for (let row = from; row < to; row++) count += present[series + row] as number;
  }
  return count;
}

/** A parser that miscounts, or cells that were freed because a stage kept the block for too long. */
function tooShort({ origin, rowCount, columnCount, cells }: OriginBlock): MillraceError {
  return new MillraceError(
    "INTERNAL",
    `A block of ${origin} has ${cells.bytes.length} bytes for ${rowCount} rows of ${columnCount} cells.`,
  );
}

function cellBytes(block: OriginBlock): number {
  return block.cells.type === "int32" ? 4 : 8;
}
