import { dirname, join, parse, resolve } from "node:path";
import {
  gridLength,
  MillraceError,
  type RunContext,
  type SeriesBatch,
  type Sink,
} from "@millrace/core";
import { checkTarget } from "../csv/check-target.ts";
import { type FileTarget, fileSink } from "../csv/file-sink.ts";
import { checkLabels, LeftOutLabels } from "../csv/label-columns.ts";
import { loadParquetLibrary, type ParquetLibrary } from "./parquet-library.ts";
import { ParquetPart } from "./parquet-part.ts";
import { FIXED_COLUMNS, RowGroup } from "./row-group.ts";

/** Options of {@link parquet}. */
export interface ParquetOptions {
  /** File to write. Its folder must exist; an older file is replaced when the new one is complete. */
  readonly path: string;
  /**
   * Labels that become columns behind `time`, `value` and `name`.
   * @defaultValue `["Element", "Resource", "SN", "scrape_interval"]`
   */
  readonly labels?: readonly string[];
  /** Rows of a row group, 1 to 10,000,000; one takes about 1 KiB of memory. @defaultValue 131_072 */
  readonly rowGroupRows?: number;
  /** The package `hyparquet-writer`. @defaultValue loaded when a run opens the sink */
  readonly lib?: ParquetLibrary;
}

/** One file that {@link parquet} wrote. */
export interface ParquetFile {
  /** Absolute path. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Rows. */
  readonly samples: number;
}

/** What {@link parquet} wrote. */
export interface ParquetResult {
  /** Absolute path of the first file. */
  readonly path: string;
  /** One, or more where there are more than a thousand row groups. */
  readonly files: readonly ParquetFile[];
  /** Of all files. */
  readonly sizeBytes: number;
  /** Rows of all files. */
  readonly samples: number;
  /** Samples left out because they are NaN or infinite. */
  readonly dropped: number;
}

/**
 * Row groups of one file. What a file says of them at its end has to be kept until then, at 10 KiB each,
 * and readers like files of some hundred megabytes.
 */
const GROUPS_PER_FILE = 1000;

/**
 * A sink that writes a Parquet file with one row a sample: `time` (UTC, milliseconds), `value` (double),
 * `name` (as in the database) and the labels.
 *
 * Rows come series by series, as batches do; smallest and largest values stand with each row group, so a
 * reader skips what it is not asked for. Pages are packed with Snappy: 1.5 to 4 bytes a sample. Cells
 * without a sample have no row. After a thousand row groups a further file is begun, `samples_2.parquet`
 * behind `samples.parquet`, so that memory does not grow with the run. The files are on the disk when the
 * run has ended; until then, and after a failure, there are none.
 *
 * Needs the package `hyparquet-writer`.
 *
 * @throws MillraceError INVALID_OPTION when an option is out of range
 * @example
 * ```ts
 * import { ingest } from "@millrace/ingest";
 * import { parquet } from "@millrace/ingest/parquet";
 *
 * const run = ingest("archive.zip").to(parquet({ path: "samples.parquet" }));
 * const { samples, sizeBytes } = await run.result;
 * ```
 */
export function parquet(options: ParquetOptions): Sink<SeriesBatch, ParquetResult> {
  const { labels = ["Element", "Resource", "SN", "scrape_interval"] } = options;
  const { rowGroupRows = 131_072, lib } = options;
  if (typeof options.path !== "string" || options.path === "") {
    throw new MillraceError("INVALID_OPTION", "parquet: path is empty; name the file to write.");
  }
  if (!(Number.isInteger(rowGroupRows) && rowGroupRows >= 1 && rowGroupRows <= 10_000_000)) {
    throw new MillraceError(
      "INVALID_OPTION",
      `parquet: rowGroupRows is ${rowGroupRows}; give a whole number from 1 to 10,000,000.`,
    );
  }
  const path = resolve(options.path);
  const columns = checkLabels("parquet", labels, ["__name__", ...FIXED_COLUMNS]);
  return fileSink("parquet", async (context) => {
    const loaded = lib ?? (await loadParquetLibrary());
    await checkTarget("parquet", path);
    return new RowsTarget({ path, labels: columns, rowGroupRows }, loaded, context);
  });
}

type Settings = Required<Omit<ParquetOptions, "lib">>;

class RowsTarget implements FileTarget<ParquetResult> {
  readonly #path: string;
  readonly #labels: readonly string[];
  readonly #library: ParquetLibrary;
  readonly #leftOut: LeftOutLabels;
  readonly #group: RowGroup;
  /** The last one is being written, the others are sealed. */
  readonly #parts: ParquetPart[] = [];
  #dropped = 0;

  constructor(
    { path, labels, rowGroupRows }: Settings,
    library: ParquetLibrary,
    context: RunContext,
  ) {
    this.#path = path;
    this.#labels = labels;
    this.#library = library;
    this.#leftOut = new LeftOutLabels("parquet", ["__name__", ...labels], context);
    this.#group = new RowGroup(rowGroupRows, labels);
    this.#parts.push(this.#newPart());
  }

  async write(batch: SeriesBatch, signal: AbortSignal): Promise<void> {
    const columns = gridLength(batch.grid);
    for (let row = 0; row < batch.seriesCount; row++) {
      this.#leftOut.look(batch.table.labels[batch.firstSeries + row] ?? {});
      for (let column = 0; column < columns; ) {
        const { next, dropped } = this.#group.take(batch, row, column);
        column = next;
        this.#dropped += dropped;
        if (!this.#group.full) continue;
        await this.#endGroup();
        signal.throwIfAborted();
      }
    }
  }

  async finish(signal: AbortSignal): Promise<ParquetResult> {
    await this.#endGroup();
    await this.#part.seal();
    signal.throwIfAborted();
    const files: ParquetFile[] = [];
    for (const [i, part] of this.#parts.entries()) {
      const path = numbered(this.#path, i + 1);
      await part.publish(path);
      files.push({ path, sizeBytes: part.sizeBytes, samples: part.samples });
    }
    return {
      path: this.#path,
      files,
      sizeBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      samples: files.reduce((sum, { samples }) => sum + samples, 0),
      dropped: this.#dropped,
    };
  }

  async discard(): Promise<void> {
    for (const part of this.#parts) await part.discard();
  }

  get #part(): ParquetPart {
    return this.#parts.at(-1) as ParquetPart;
  }

  #newPart(): ParquetPart {
    return new ParquetPart(dirname(this.#path), this.#path, this.#labels, this.#library);
  }

  async #endGroup(): Promise<void> {
    if (this.#group.size === 0) return;
    if (this.#part.groups >= GROUPS_PER_FILE) {
      await this.#part.seal();
      this.#parts.push(this.#newPart());
    }
    await this.#part.write(this.#group);
  }
}

/** `samples.parquet`, `samples_2.parquet`, … */
function numbered(path: string, nth: number): string {
  if (nth === 1) return path;
  const { dir, name, ext } = parse(path);
  return join(dir, `${name}_${nth}${ext}`);
}
