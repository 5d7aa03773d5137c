import { KNOWN_METRIC_IDS, metricOf } from "../oceanstor/id-tables.ts";

/**
 * How a metric is called: `display` as the vendor's tables have it, `Total IOPS (IO/s)`; `series` as in
 * the database, `huawei_total_iops_io_s`.
 */
export type MetricNames = "display" | "series";

let displayNames: ReadonlyMap<string, string> | undefined;

/**
 * What a series is called in a file. One that is in no table keeps its name, and so does one whose
 * display name another series has: three pairs of metrics share one.
 */
export function metricName(series: string, names: MetricNames): string {
  if (names === "series") return series;
  displayNames ??= readDisplayNames();
  return displayNames.get(series) ?? series;
}

function readDisplayNames(): ReadonlyMap<string, string> {
  const bySeries = new Map<string, string>();
  const taken = new Set<string>();
  for (const id of KNOWN_METRIC_IDS) {
    const { series, name } = metricOf(id);
    if (bySeries.has(series) || taken.has(name)) continue;
    bySeries.set(series, name);
    taken.add(name);
  }
  return bySeries;
}
