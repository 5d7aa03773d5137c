import { type ChartLine, columnsOf } from "./chart-lines.ts";

/** What is drawn as a table: a row for each time (UTC), a column for each line. */
export function chartCsv(lines: readonly ChartLine[]): string {
  const [times, ...columns] = columnsOf(lines);
  const head = ["time", ...lines.map(titleOf)];
  const rows = times.map((ms, row) => [
    new Date(ms).toISOString(),
    ...columns.map((values) => String(values[row] ?? "")),
  ]);
  return [head, ...rows].map((cells) => `${cells.map(quoted).join(",")}\r\n`).join("");
}

function titleOf({ query, series }: ChartLine): string {
  return `${query.query.resource} ${series.element} ${query.metric.title}`;
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
