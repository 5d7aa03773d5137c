/**
 * One HTML file with the charts that a storage engineer looks at first.
 *
 * @packageDocumentation
 */
export { type HtmlReportOptions, type HtmlReportResult, htmlReport } from "./html-report.ts";
