/**
 * Series batches as CSV files: one line a sample, or one row a time and element.
 *
 * @packageDocumentation
 */
export { type CsvOptions, type CsvResult, csv } from "./csv.ts";
export type { MetricNames } from "./metric-name.ts";
export {
  type WideCsvFile,
  type WideCsvOptions,
  type WideCsvResult,
  wideCsv,
} from "./wide-csv.ts";
