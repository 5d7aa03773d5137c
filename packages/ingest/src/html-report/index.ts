/**
 * One HTML file with the charts that a storage engineer looks at first.
 *
 * @packageDocumentation
 */
export {
  type PanelSpec,
  type ResourceCharts,
  type SeriesChoice,
  storageCharts,
} from "./charts.ts";
export {
  type HtmlReportArray,
  type HtmlReportOptions,
  type HtmlReportResult,
  htmlReport,
} from "./html-report.ts";
export type { ArrayFacts } from "./report-data.ts";
