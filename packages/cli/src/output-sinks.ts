import type { SeriesBatch, Sink } from "@millrace/core";
import { labelMapping, mapTables, seedNaming } from "@millrace/ingest";
import { addedLabels, readIdTables } from "./ingest-flow.ts";
import { mappedSink } from "./mapped-sink.ts";
import type { IngestSettings } from "./settings.ts";
import { grouped, megabytes, plural } from "./text.ts";

/** A file or folder that the command writes for the user to keep. */
export interface WrittenOutput {
  /** As the user knows it: `--csv`. */
  readonly option: string;
  /** Absolute. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Samples in it; absent for the page, which shows figures of them. */
  readonly samples?: number;
  /** How many files it became, where that can be several. */
  readonly files?: number;
}

/** One of the files, pages and folders that the settings ask for. */
export interface OutputSink {
  readonly option: string;
  /** Absolute. */
  readonly path: string;
  readonly sink: Sink<SeriesBatch, unknown>;
  /** Reads the sink's result. */
  written(result: unknown): WrittenOutput;
  /** Samples that the sink left out because they are no numbers. */
  dropped(result: unknown): number;
}

type Csv = typeof import("@millrace/ingest/csv");
type Parquet = typeof import("@millrace/ingest/parquet");
type Page = typeof import("@millrace/ingest/html-report");
type ResultOf<S> = S extends (options: never) => Sink<SeriesBatch, infer R> ? R : never;

/**
 * Makes the sinks of everything but the database: page, CSV, tables, Parquet.
 *
 * @param settings - with absolute paths
 */
export async function outputSinks(settings: IngestSettings): Promise<readonly OutputSink[]> {
  const { html, csv, wideCsv, parquet } = settings;
  const made: OutputSink[] = [];
  if (html !== undefined) made.push(await htmlPage(html, settings));
  if (csv !== undefined) made.push(await csvFile(csv, settings));
  if (wideCsv !== undefined) made.push(await csvTables(wideCsv, settings));
  if (parquet !== undefined) made.push(await parquetFile(parquet, settings));
  return made;
}

/** The same sink behind `--rename-label`. Page and tables look for the labels under their own names. */
export function renamed<R>(
  sink: Sink<SeriesBatch, R>,
  { renameLabels }: IngestSettings,
): Sink<SeriesBatch, R> {
  if (Object.keys(renameLabels).length === 0) return sink;
  return mappedSink(sink, mapTables(labelMapping({ rename: renameLabels })));
}

/** A line of the summary. */
export function outputLine(written: WrittenOutput): readonly [string, string] {
  const { option, path, sizeBytes, samples, files } = written;
  const parts = [
    ...(files === undefined ? [] : [plural(files, "file")]),
    ...(samples === undefined ? [] : [`${grouped(samples)} samples`]),
    megabytes(sizeBytes),
  ];
  const name = option === "--html" ? "report" : option.replace(/^--/, "");
  return [name, `${path} (${parts.join(", ")})`];
}

/** The vendor's names say nothing of values in base units. */
function metricNames({ naming }: IngestSettings): "display" | "series" {
  return naming === "clean" ? "series" : "display";
}

async function htmlPage(path: string, settings: IngestSettings): Promise<OutputSink> {
  const { htmlReport }: Page = await import("@millrace/ingest/html-report");
  const option = "--html";
  const page = htmlReport({ path });
  // Its charts are made for the names and units that dashboards expect.
  const sink =
    settings.naming === "seed"
      ? page
      : mappedSink(page, mapTables(seedNaming(await readIdTables(settings))));
  return {
    option,
    path,
    sink,
    written(result) {
      const { sizeBytes } = result as ResultOf<Page["htmlReport"]>;
      return { option, path, sizeBytes };
    },
    dropped: () => 0,
  };
}

async function csvFile(path: string, settings: IngestSettings): Promise<OutputSink> {
  const { csv }: Csv = await import("@millrace/ingest/csv");
  type Result = ResultOf<Csv["csv"]>;
  const option = "--csv";
  const labels = ["SN", "scrape_interval", ...addedLabels(settings)];
  return {
    option,
    path,
    sink: csv({ path, metricNames: metricNames(settings), labels }),
    written(result) {
      const { sizeBytes, samples } = result as Result;
      return { option, path, sizeBytes, samples };
    },
    dropped: (result) => (result as Result).dropped,
  };
}

async function csvTables(path: string, settings: IngestSettings): Promise<OutputSink> {
  const { wideCsv }: Csv = await import("@millrace/ingest/csv");
  type Result = ResultOf<Csv["wideCsv"]>;
  const option = "--wide-csv";
  return {
    option,
    path,
    sink: wideCsv({ folder: path, gzip: settings.gzip, metricNames: metricNames(settings) }),
    written(result) {
      const { files, samples } = result as Result;
      const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
      return { option, path, sizeBytes, samples, files: files.length };
    },
    dropped: (result) => (result as Result).dropped,
  };
}

async function parquetFile(path: string, settings: IngestSettings): Promise<OutputSink> {
  const { parquet }: Parquet = await import("@millrace/ingest/parquet");
  type Result = ResultOf<Parquet["parquet"]>;
  const option = "--parquet";
  const { renameLabels } = settings;
  const labels = ["Element", "Resource", "SN", "scrape_interval", ...addedLabels(settings)];
  return {
    option,
    path,
    sink: renamed(parquet({ path, labels: labels.map((it) => renameLabels[it] ?? it) }), settings),
    written(result) {
      const { sizeBytes, samples, files } = result as Result;
      return {
        option,
        path,
        sizeBytes,
        samples,
        ...(files.length > 1 ? { files: files.length } : {}),
      };
    },
    dropped: (result) => (result as Result).dropped,
  };
}
