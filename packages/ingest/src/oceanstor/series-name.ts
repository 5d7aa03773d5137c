/**
 * The series name of a metric, as dashboards for this data have always expected it.
 *
 * The order of the steps is part of the names: units in parentheses glue to the word before them
 * because parentheses go first. What is left may be no valid Prometheus name (`%`, `'`, Chinese);
 * VictoriaMetrics takes it.
 *
 * @param name - the metric's name in the id table: `Avg. read I/O size(KB)`
 * @returns `huawei_avg_read_i_o_sizekb`
 */
export function seriesName(name: string): string {
  const clean = name
    .replaceAll("(%)", "percent")
    .replace(/[().,:[\]]/g, "")
    .replace(/[/-]/g, "_")
    .replaceAll("+∞", "inf")
    .replaceAll("+", "plus")
    .replaceAll("∞", "inf")
    .toLowerCase()
    .split(/\s+/)
    .join("_")
    .replace(/_+/g, "_")
    .replace(/^_|_$/g, "");
  return `huawei_${clean}`;
}
