import { dirname, resolve } from "node:path";
import { MillraceError, type RunContext, type SeriesBatch, type Sink } from "@millrace/core";
import { checkTarget } from "./check-target.ts";
import { csvField } from "./csv-field.ts";
import { type FileTarget, fileSink } from "./file-sink.ts";
import { checkLabels, DEFAULT_LABELS, LeftOutLabels } from "./label-columns.ts";
import type { MetricNames } from "./metric-name.ts";
import { SampleLines } from "./sample-lines.ts";
import { ChunkQueue, TextFile } from "./text-output.ts";

/** Options of {@link csv}. */
export interface CsvOptions {
  /** File to write. Its folder must exist; an older file is replaced when the new one is complete. */
  readonly path: string;
  /** Pack the file; its name stays as it is. @defaultValue true where `path` ends in `.gz` */
  readonly gzip?: boolean;
  /** Start with a line of column names. @defaultValue false */
  readonly header?: boolean;
  /** How metrics are called. @defaultValue "display" */
  readonly metricNames?: MetricNames;
  /** Labels that become columns behind the six fixed ones. @defaultValue `["SN", "scrape_interval"]` */
  readonly labels?: readonly string[];
}

/** What {@link csv} wrote. */
export interface CsvResult {
  /** Absolute path of the file. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Lines, the header not counted. */
  readonly samples: number;
  /** Samples left out because they are NaN or infinite. */
  readonly dropped: number;
}

const FIXED_COLUMNS = ["Resource", "Metric", "Element", "Value", "Time", "UnixTime"];

/**
 * A sink that writes one line a sample:
 * `LUN;Total IOPS (IO/s);prd_01;120.5;2025-10-26T00:30:00Z;1761438600.0;2102355THQ;60`.
 *
 * UTF-8, semicolons, times in UTC; a name with a semicolon, quote or line break is quoted as in RFC 4180,
 * and names are otherwise written as they are, so a spreadsheet may take one that starts with `=` for a
 * formula. Lines come series by series, as batches do. Cells without a sample have no line. Memory is
 * bounded by a few buffers of 1 MiB and the labels of the tables in use. The file is on the disk when the
 * run has ended; until then, and after a failure, there is none.
 *
 * @throws MillraceError INVALID_OPTION when an option is out of range
 * @example
 * ```ts
 * import { ingest } from "@millrace/ingest";
 * import { csv } from "@millrace/ingest/csv";
 *
 * const run = ingest("archive.zip").to(csv({ path: "samples.csv.gz", header: true }));
 * const { samples, sizeBytes } = await run.result;
 * ```
 */
export function csv(options: CsvOptions): Sink<SeriesBatch, CsvResult> {
  const { header = false, metricNames = "display", labels = DEFAULT_LABELS } = options;
  if (typeof options.path !== "string" || options.path === "") {
    throw new MillraceError("INVALID_OPTION", "csv: path is empty; name the file to write.");
  }
  const path = resolve(options.path);
  const settings: Settings = {
    path,
    gzip: options.gzip ?? path.endsWith(".gz"),
    header,
    metricNames,
    labels: checkLabels("csv", labels, ["__name__", "Resource", "Element", ...FIXED_COLUMNS]),
  };
  return fileSink("csv", async (context) => {
    await checkTarget("csv", path);
    return new LinesTarget(settings, context);
  });
}

type Settings = Required<CsvOptions>;

class LinesTarget implements FileTarget<CsvResult> {
  readonly #settings: Settings;
  readonly #file: TextFile;
  readonly #queue = new ChunkQueue();
  readonly #lines: SampleLines;
  #chunk: Buffer | undefined;
  #end = 0;
  #samples = 0;
  #dropped = 0;

  constructor(settings: Settings, context: RunContext) {
    const { path, gzip, header, metricNames, labels } = settings;
    this.#settings = settings;
    this.#file = new TextFile(dirname(path), `csv: ${path}`, { gzip, keepOpen: true });
    const shown = ["__name__", "Resource", "Element", ...labels];
    // An interval that nobody asked for shows in the times anyway.
    const leftOut = new LeftOutLabels("csv", [...shown, "scrape_interval"], context);
    this.#lines = new SampleLines({ metricNames, labels, onLabels: (of) => leftOut.look(of) });
    if (!header) return;
    const columns = [...FIXED_COLUMNS, ...labels].map((name) => csvField(name, ";"));
    const line = `${columns.join(";")}\n`;
    this.#chunk = this.#queue.take(Buffer.byteLength(line));
    this.#end = this.#chunk.write(line);
  }

  async write(batch: SeriesBatch, signal: AbortSignal): Promise<void> {
    const cursor = this.#lines.cursor(batch);
    while (!cursor.done) {
      this.#chunk ??= this.#queue.take(0);
      this.#end = cursor.fill(this.#chunk, this.#end);
      if (cursor.done) break;
      await this.#send();
      signal.throwIfAborted();
    }
    this.#samples += cursor.samples;
    this.#dropped += cursor.dropped;
  }

  async finish(signal: AbortSignal): Promise<CsvResult> {
    const { path } = this.#settings;
    await this.#send();
    await this.#queue.drain();
    await this.#file.seal();
    signal.throwIfAborted();
    await this.#file.publish(path);
    return {
      path,
      sizeBytes: this.#file.sizeBytes,
      samples: this.#samples,
      dropped: this.#dropped,
    };
  }

  discard(): Promise<void> {
    return this.#file.discard();
  }

  async #send(): Promise<void> {
    const chunk = this.#chunk;
    const end = this.#end;
    this.#chunk = undefined;
    this.#end = 0;
    if (chunk !== undefined && end > 0) await this.#queue.push(this.#file, chunk, end);
  }
}
