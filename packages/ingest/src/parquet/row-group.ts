import { gridTimes, MillraceError, type SeriesBatch, type TimeGrid } from "@millrace/core";
import { sameGrid } from "../csv/time-text.ts";
import type { ParquetColumn, ParquetFileWriter, ParquetStatistics } from "./parquet-library.ts";

/** Columns in front of the labels; `name` is the label `__name__`. */
export const FIXED_COLUMNS: readonly string[] = ["time", "value", "name"];

/** Rows that are waiting to become a row group. What they hold is used again for the next one. */
export class RowGroup {
  readonly #capacity: number;
  readonly #labels: readonly string[];
  readonly #times: bigint[];
  readonly #values: Float64Array;
  /** One a label, `__name__` first. */
  readonly #texts: readonly string[][];
  #size = 0;
  #grid: TimeGrid | undefined;
  #gridTimes: readonly bigint[] = [];

  /** @param labels - labels that become columns behind the fixed ones */
  constructor(capacity: number, labels: readonly string[]) {
    this.#capacity = capacity;
    this.#labels = ["__name__", ...labels];
    // All at once: arrays that grow or have holes are slower to write.
    this.#times = new Array<bigint>(capacity).fill(0n);
    this.#values = new Float64Array(capacity);
    this.#texts = this.#labels.map(() => new Array<string>(capacity).fill(""));
  }

  get size(): number {
    return this.#size;
  }

  get full(): boolean {
    return this.#size === this.#capacity;
  }

  /**
   * Takes samples of one series, from column `from` of the matrix on, until there are no more or the
   * group is full.
   *
   * @returns the next column, and how many samples were NaN or infinite
   */
  take(batch: SeriesBatch, row: number, from: number): { next: number; dropped: number } {
    const { values, present, table, firstSeries } = batch;
    const times = this.#timesOf(batch.grid);
    const series = firstSeries + row;
    const divisor = table.divisors?.[series] ?? 1;
    const offset = row * times.length;
    const start = this.#size;
    let size = start;
    let dropped = 0;
    let next = from;
    for (; next < times.length && size < this.#capacity; next++) {
      if (present !== undefined && present[offset + next] === 0) continue;
      const value = (values[offset + next] as number) / divisor;
      if (!Number.isFinite(value)) {
        dropped += 1;
        continue;
      }
      this.#times[size] = times[next] as bigint;
      this.#values[size] = value;
      size += 1;
    }
    const labels = table.labels[series];
    this.#labels.forEach((label, i) => {
      this.#texts[i]?.fill(labels?.[label] ?? "", start, size);
    });
    this.#size = size;
    return { next, dropped };
  }

  /** Hands all rows over as one row group; afterwards there are none. */
  writeTo(writer: ParquetFileWriter): void {
    const size = this.#size;
    const names = [...FIXED_COLUMNS, ...this.#labels.slice(1)];
    const columns = [this.#times, this.#values, ...this.#texts].map((data) =>
      size === this.#capacity ? data : data.slice(0, size),
    );
    writer.write({
      columnData: columns.map((data, i) => ({
        name: names[i] as string,
        data,
        statistics: false,
        offsetIndex: false,
      })),
      rowGroupSize: size,
    });
    // The library would compare every value of every column, which is half of its work; neighbours are
    // mostly equal here.
    const written = writer.row_groups.at(-1)?.columns ?? [];
    columns.forEach((data, i) => {
      const meta = written[i]?.meta_data;
      if (meta !== undefined) meta.statistics = statisticsOf(data);
    });
    this.#size = 0;
  }

  #timesOf(grid: TimeGrid): readonly bigint[] {
    if (this.#grid === undefined || !sameGrid(this.#grid, grid)) {
      this.#gridTimes = Array.from(gridTimes(grid), wholeMilliseconds);
      this.#grid = grid;
    }
    return this.#gridTimes;
  }
}

/** The schema of a file: everything is there in every row, an absent label as an empty text. */
export function schemaOf(labels: readonly string[]): ParquetColumn[] {
  const repetition_type = "REQUIRED";
  return [
    { name: "root", num_children: FIXED_COLUMNS.length + labels.length },
    { name: "time", type: "INT64", converted_type: "TIMESTAMP_MILLIS", repetition_type },
    { name: "value", type: "DOUBLE", repetition_type },
    ...["name", ...labels].map(
      (name): ParquetColumn => ({
        name,
        type: "BYTE_ARRAY",
        converted_type: "UTF8",
        repetition_type,
      }),
    ),
  ];
}

function wholeMilliseconds(timeMs: number): bigint {
  if (Number.isFinite(timeMs)) return BigInt(Math.floor(timeMs));
  throw new MillraceError("SINK_REJECTED", `parquet: a sample has the time ${timeMs} ms.`);
}

function statisticsOf(data: bigint[] | Float64Array | string[]): ParquetStatistics {
  const [first] = data;
  if (typeof first === "string") return textStatistics(data as string[]);
  let min = first as number | bigint;
  let max = min;
  for (const value of data as ArrayLike<number | bigint> & Iterable<number | bigint>) {
    if (value < min) min = value;
    else if (value > max) max = value;
  }
  // Zero has two signs, and readers may compare bits: the format asks for the wider bound.
  if (min === 0) min = -0;
  if (max === 0) max = 0;
  return { min_value: min, max_value: max, null_count: 0n };
}

function textStatistics(data: readonly string[]): ParquetStatistics {
  let min = data[0] as string;
  let max = min;
  let last = min;
  for (const text of data) {
    if (text === last) continue;
    last = text;
    if (inByteOrder(text, min) < 0) min = text;
    else if (inByteOrder(text, max) > 0) max = text;
  }
  return { min_value: min, max_value: max, null_count: 0n };
}

/** The order of UTF-8, which is not that of JavaScript. */
function inByteOrder(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
