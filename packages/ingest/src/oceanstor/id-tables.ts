import metrics from "./data/metrics.json" with { type: "json" };
import resources from "./data/resources.json" with { type: "json" };
import overrides from "./data/series-overrides.json" with { type: "json" };
import { seriesName } from "./series-name.ts";

/** How one metric id is delivered. */
export interface Metric {
  readonly id: number;
  /** English name. */
  readonly name: string;
  /** Series name: `__name__` in the database. */
  readonly series: string;
  /** value = raw / divisor. */
  readonly divisor: number;
  /** False for an id that is in no table; it goes out as `huawei_unknown_metric_<id>`. */
  readonly known: boolean;
}

/** How one resource type is delivered. */
export interface Resource {
  readonly id: number;
  /** Value of the label `Resource`. */
  readonly name: string;
  /** False for an id that is in no table; it goes out as `UNKNOWN_RESOURCE_<id>`. */
  readonly known: boolean;
}

interface MetricRow {
  readonly id: number;
  readonly name: string;
  readonly divisor?: number;
}

const metricRows = new Map((metrics as readonly MetricRow[]).map((row) => [row.id, row]));
const resourceNames = new Map(resources.map(({ id, name }) => [id, name]));
const overrideNames = new Map(overrides.map(({ id, series }) => [id, series]));
const metricCache = new Map<number, Metric>();

/** All metric ids of the table, ascending. */
export const KNOWN_METRIC_IDS: readonly number[] = [...metricRows.keys()].sort((a, b) => a - b);

/** Looks up a metric; an id that nobody knows gets a name of its own, so that nothing is dropped. */
export function metricOf(id: number): Metric {
  let metric = metricCache.get(id);
  if (metric === undefined) {
    const row = metricRows.get(id);
    const name = row?.name ?? `UNKNOWN_METRIC_${id}`;
    const series = overrideNames.get(id) ?? seriesName(name);
    metric = { id, name, series, divisor: row?.divisor ?? 1, known: row !== undefined };
    metricCache.set(id, metric);
  }
  return metric;
}

/** Looks up a resource type; an id that nobody knows gets a name of its own. */
export function resourceOf(id: number): Resource {
  const name = resourceNames.get(id);
  // Two rows of the table carry names of this very form: ids that were seen but never explained.
  const known = name !== undefined && !name.startsWith("UNKNOWN_RESOURCE_");
  return { id, name: name ?? `UNKNOWN_RESOURCE_${id}`, known };
}
