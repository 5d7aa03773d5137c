import { resolve } from "node:path";
import { MillraceError, type SeriesBatch, type Sink } from "@millrace/core";
import { BehaviorSubject } from "rxjs";
import { type ResourceCharts, storageCharts } from "./charts.ts";
import { SKETCH_RELATIVE_ERROR } from "./quantile-sketch.ts";
import { renderPage } from "./render-page.ts";
import { ReportAccumulator } from "./report-accumulator.ts";
import { type ArrayFacts, reportData } from "./report-data.ts";
import { checkReportPath, replaceFile } from "./report-file.ts";

/** Options of {@link htmlReport}. */
export interface HtmlReportOptions {
  /**
   * File to write. Its folder must exist; an older file is replaced when the report is complete. A link
   * is followed; a device or a pipe is refused.
   */
  readonly path: string;
  /** Heading of the page. @defaultValue "Storage performance" */
  readonly title?: string;
  /** Elements a chart shows, busiest first, 1 to 24. @defaultValue 8 */
  readonly topElements?: number;
  /**
   * Series to keep figures of, over all arrays; further ones are left out, and the page says so. One
   * takes 9 to 15 KiB. @defaultValue 20_000
   */
  readonly maxSeries?: number;
  /** Points a line has at most, 16 to 10,000; it has at least half of them. @defaultValue 720 */
  readonly timeBuckets?: number;
  /** What to show, in the order of the page. @defaultValue `storageCharts` */
  readonly charts?: readonly ResourceCharts[];
  /** What is known of the arrays, by serial number; asked once, when the page is written. */
  readonly arrays?: () => ReadonlyMap<string, ArrayFacts>;
}

/** One storage array of a report. */
export interface HtmlReportArray {
  /** Serial number: the label `SN`. */
  readonly serial: string;
  readonly samples: number;
  /** Time of the first sample, Unix milliseconds. */
  readonly firstMs: number;
  /** Time of the last sample, Unix milliseconds. */
  readonly lastMs: number;
}

/** What {@link htmlReport} wrote. */
export interface HtmlReportResult {
  /** Absolute path of the file. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Series that figures were kept of; the page shows the busiest of them. */
  readonly trackedSeries: number;
  /** Series left out for `maxSeries`; stops counting at 100,000. */
  readonly droppedSeries: number;
  /** Time of the first sample, Unix milliseconds; undefined where there was none. */
  readonly firstMs: number | undefined;
  /** Time of the last sample, Unix milliseconds; undefined where there was none. */
  readonly lastMs: number | undefined;
  /** In order of serial number; 64 at most. */
  readonly arrays: readonly HtmlReportArray[];
}

/**
 * A sink that writes one HTML file with what a storage engineer looks at first: IOPS, bandwidth,
 * latency and utilisation of the busiest elements, as charts with tables.
 *
 * The file needs no network and no server. Memory depends on the number of charted series and on
 * nothing else; batches may come in any order. Minimum, average and maximum are exact, 95th
 * percentiles are within 1.6 %, negative readings (-1 means "not collected") are left out.
 *
 * Checked when a run opens the sink: that the path is a file or free, that its folder is there and can
 * be written to.
 *
 * @throws MillraceError INVALID_OPTION when an option is out of range
 * @example
 * ```ts
 * import { fromItems, pipeline, type SeriesBatch } from "@millrace/core";
 * import { htmlReport } from "@millrace/ingest/html-report";
 *
 * const batches: SeriesBatch[] = [];
 * const run = pipeline(fromItems(batches)).to(htmlReport({ path: "report.html" }));
 * const { sizeBytes, arrays } = await run.result;
 * ```
 */
export function htmlReport(options: HtmlReportOptions): Sink<SeriesBatch, HtmlReportResult> {
  const settings = settingsOf(options);
  return {
    apiVersion: 1,
    name: "html-report",
    capabilities: { durable: false, resume: false },
    async open(context) {
      await checkReportPath(settings.path);
      const watermark$ = new BehaviorSubject({ accepted: 0, durable: 0 });
      let accumulator: ReportAccumulator | undefined;
      accumulator = new ReportAccumulator(settings.charts, settings);
      let accepted = 0;
      let writing: Promise<unknown> | undefined;
      const stop = new AbortController();
      const end = async (reason?: unknown): Promise<void> => {
        accumulator = undefined;
        stop.abort(reason);
        await writing?.catch(() => {});
        watermark$.complete();
      };
      return {
        watermark$,
        async write(batch) {
          if (accumulator === undefined) throw closed();
          accumulator.add(batch);
          batch.release?.();
          watermark$.next({ accepted: ++accepted, durable: 0 });
        },
        async close() {
          if (accumulator === undefined) throw closed();
          const signal = AbortSignal.any([context.signal, stop.signal]);
          const result = writeReport(accumulator, settings, signal);
          writing = result;
          accumulator = undefined;
          try {
            return await result;
          } finally {
            watermark$.complete();
          }
        },
        abort: end,
        [Symbol.asyncDispose]: end,
      };
    },
  };
}

type Settings = Required<HtmlReportOptions>;

function settingsOf(options: HtmlReportOptions): Settings {
  const { title = "Storage performance", topElements = 8, maxSeries = 20_000 } = options;
  const { timeBuckets = 720, charts = storageCharts, arrays = () => new Map() } = options;
  if (typeof options.path !== "string" || options.path === "") {
    throw new MillraceError("INVALID_OPTION", "htmlReport: path is empty; name the file to write.");
  }
  checkWhole("topElements", topElements, 1, 24);
  checkWhole("maxSeries", maxSeries, 1, 10_000_000);
  checkWhole("timeBuckets", timeBuckets, 16, 10_000);
  return {
    path: resolve(options.path),
    title,
    topElements,
    maxSeries,
    timeBuckets,
    charts,
    arrays,
  };
}

function checkWhole(option: string, value: number, low: number, high: number): void {
  if (Number.isInteger(value) && value >= low && value <= high) return;
  throw new MillraceError(
    "INVALID_OPTION",
    `htmlReport: ${option} is ${value}; use a whole number from ${low} to ${high}.`,
  );
}

async function writeReport(
  accumulator: ReportAccumulator,
  settings: Settings,
  signal: AbortSignal,
): Promise<HtmlReportResult> {
  signal.throwIfAborted();
  const report = reportData(accumulator, {
    title: settings.title,
    writtenMs: Date.now(),
    p95Error: SKETCH_RELATIVE_ERROR,
    charts: settings.charts,
    topElements: settings.topElements,
    facts: settings.arrays(),
  });
  const page = Buffer.from(renderPage(report));
  await replaceFile(settings.path, page, signal);
  const { arrays, trackedSeries, droppedSeries } = report;
  return {
    path: settings.path,
    sizeBytes: page.length,
    trackedSeries,
    droppedSeries,
    firstMs: arrays.length === 0 ? undefined : Math.min(...arrays.map(({ firstMs }) => firstMs)),
    lastMs: arrays.length === 0 ? undefined : Math.max(...arrays.map(({ lastMs }) => lastMs)),
    arrays: arrays.map(({ serial, samples, firstMs, lastMs }) => ({
      serial,
      samples,
      firstMs,
      lastMs,
    })),
  };
}

function closed(): MillraceError {
  return new MillraceError(
    "CLOSED",
    "htmlReport: the report was written or given up; open another one.",
  );
}
