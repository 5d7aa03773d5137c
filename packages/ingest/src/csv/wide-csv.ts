import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import { MillraceError, type SeriesBatch, type Sink } from "@millrace/core";
import { checkFolder } from "./check-target.ts";
import { fileSink } from "./file-sink.ts";
import type { MetricNames } from "./metric-name.ts";
import { RowsTarget } from "./rows-target.ts";

/** Options of {@link wideCsv}. */
export interface WideCsvOptions {
  /**
   * Folder to write into; made where it alone is missing. Older files of the same names are replaced when
   * the new ones are complete, others are left alone.
   */
  readonly folder: string;
  /** Pack the files, whose names then end in `.csv.gz`. @defaultValue false */
  readonly gzip?: boolean;
  /** How metrics are called. @defaultValue "display" */
  readonly metricNames?: MetricNames;
}

/** One file that {@link wideCsv} wrote. */
export interface WideCsvFile {
  /** Absolute path. */
  readonly path: string;
  /** Serial number of the array: the label `SN`. */
  readonly serial: string;
  /** Resource type: the label `Resource`. */
  readonly resource: string;
  /** Fields of the header and of every row. */
  readonly columns: number;
  /** Lines, the header not counted. */
  readonly rows: number;
  readonly sizeBytes: number;
}

/** What {@link wideCsv} wrote. */
export interface WideCsvResult {
  /** Absolute path. */
  readonly folder: string;
  /** In the order in which their first rows came. */
  readonly files: readonly WideCsvFile[];
  /** Cells that hold a value. */
  readonly samples: number;
  /** Samples left out because they are NaN or infinite. */
  readonly dropped: number;
}

/**
 * A sink that writes one file for each resource type, with one row for each element and time and one
 * column for each metric: `lun_output.csv`, or `<serial>_lun_output.csv` where there are several arrays.
 *
 * The columns are those of PerfMonkey: `LDEVPERF,#,BgnDateTime,EndDateTime,Serial,…`, then the metrics.
 * Times are `MM/DD/YY HH:MM:SS` in UTC, values are converted as in the database, a cell without a sample
 * is empty, commas in metric names become `_`, and whatever else needs it is quoted as in RFC 4180; so the
 * header and all rows have the same number of fields. Rows come element by element, each in order of
 * time, for some hours at a time and controller by controller: sort where the order matters. Two
 * controllers that report one element at one time give two rows.
 *
 * The columns of a file are the metrics of the resource in the table with its first rows. A later table
 * with fewer metrics leaves cells empty; one with others starts a further file, `lun_output_2.csv`.
 * Memory is bounded by a few buffers of 1 MiB and the cells of one element, since a table names all its
 * series from the start and brings them element by element; where a source brings them in another
 * order, a row holds what came together.
 *
 * The files are on the disk when the run has ended; until then, and after a failure, there are none.
 *
 * @throws MillraceError INVALID_OPTION when an option is out of range
 * @example
 * ```ts
 * import { ingest } from "@millrace/ingest";
 * import { wideCsv } from "@millrace/ingest/csv";
 *
 * const run = ingest("archive.zip").to(wideCsv({ folder: "tables" }));
 * const { files } = await run.result;
 * for (const { path, rows, columns } of files) console.log(path, rows, columns);
 * ```
 */
export function wideCsv(options: WideCsvOptions): Sink<SeriesBatch, WideCsvResult> {
  const { gzip = false, metricNames = "display" } = options;
  if (typeof options.folder !== "string" || options.folder === "") {
    throw new MillraceError("INVALID_OPTION", "wide-csv: folder is empty; name the folder.");
  }
  const folder = resolve(options.folder);
  return fileSink("wide-csv", async (context) => {
    const made = await makeFolder(folder);
    return new RowsTarget({ folder, gzip, metricNames }, made, context);
  });
}

/** Whether the folder had to be made. */
async function makeFolder(folder: string): Promise<boolean> {
  const made = await mkdir(folder).then(
    () => true,
    () => false,
  );
  // What is wrong with a folder that could not be made shows here.
  if (!made) await checkFolder("wide-csv", "folder", folder);
  return made;
}
