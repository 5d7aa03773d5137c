import type { Labels, SeriesTable } from "@millrace/core";
import type { MapResource } from "./block-map.ts";
import { type ColumnRules, EVERY_COLUMN } from "./column-rules.ts";
import type { Metric } from "./id-tables.ts";

/** Which series the columns of a map are; ids and names only of what is delivered. */
export interface ColumnTable {
  readonly table: SeriesTable;
  /** Column of each series; undefined where every column is wanted. */
  readonly columns: Uint32Array | undefined;
  /** Columns of a row. */
  readonly columnCount: number;
  /** Metric ids in no table, ascending. */
  readonly unknownMetrics: readonly number[];
  /** Resource ids in no table, ascending. */
  readonly unknownResources: readonly number[];
  /** Series names that several metric ids of one resource share; all of them are delivered. */
  readonly sharedNames: readonly SharedName[];
}

/** Metric ids of one resource that end up under one series name. */
export interface SharedName {
  readonly series: string;
  readonly resource: string;
  readonly metricIds: readonly number[];
}

/** What the labels of a table's series have in common. */
export interface TableIdentity {
  readonly serial: string;
  readonly intervalSeconds: number;
  /** Becomes a label where the rules say so. */
  readonly controller?: string;
  /** Tells this map from others; part of the table's id. */
  readonly mapKey: string;
}

/**
 * Names every column of a map.
 *
 * Columns go resource by resource in map order, within it element by element, within that metric by
 * metric.
 *
 * @param rules - which columns to deliver, and how to call them
 */
export function columnTable(
  resources: readonly MapResource[],
  identity: TableIdentity,
  rules: ColumnRules = EVERY_COLUMN,
): ColumnTable {
  const { serial, intervalSeconds, controller = "" } = identity;
  const { tables, naming, controllerLabel, metricIdLabel } = rules;
  const interval = String(intervalSeconds);
  const labels: Labels[] = [];
  const divisors: number[] = [];
  const columns: number[] = [];
  const unknownMetrics = new Set<number>();
  const unknownResources = new Set<number>();
  const sharedNames: SharedName[] = [];
  let column = 0;
  for (const { resourceId, elements, metricIds } of resources) {
    const resource = tables.resourceOf(resourceId);
    const metrics = metricIds.map((id) => tables.metricOf(id, naming));
    const hasResource = rules.wantsResource(resourceId);
    const isWanted = metricIds.map((id) => hasResource && rules.wantsMetric(id));
    const delivered = metrics.filter((_, i) => isWanted[i]);
    let hasElement = false;
    for (const element of elements) {
      const wantsElement = delivered.length > 0 && rules.wantsElement(element);
      hasElement ||= wantsElement;
      for (const [i, metric] of metrics.entries()) {
        if (wantsElement && isWanted[i]) {
          labels.push({
            __name__: metric.series,
            Element: element,
            Resource: resource.name,
            SN: serial,
            scrape_interval: interval,
            ...(controllerLabel ? { controller } : undefined),
            ...(metricIdLabel ? { metric_id: String(metric.id) } : undefined),
          });
          divisors.push(metric.divisor);
          columns.push(column);
        }
        column += 1;
      }
    }
    if (!hasElement) continue;
    if (!resource.known) unknownResources.add(resourceId);
    for (const { id, known } of delivered) if (!known) unknownMetrics.add(id);
    if (!metricIdLabel) sharedNames.push(...shared(resource.name, delivered));
  }
  const owner = controllerLabel ? `${serial} ${controller}` : serial;
  const id = `${owner} ${interval} ${rules.key}${identity.mapKey}`;
  const divided = divisors.some((divisor) => divisor !== 1);
  return {
    table: { id, labels, ...(divided ? { divisors: Float64Array.from(divisors) } : {}) },
    columns: columns.length === column ? undefined : Uint32Array.from(columns),
    columnCount: column,
    unknownMetrics: ascending(unknownMetrics),
    unknownResources: ascending(unknownResources),
    sharedNames,
  };
}

function shared(resource: string, metrics: readonly Metric[]): SharedName[] {
  const bySeries = new Map<string, number[]>();
  for (const { id, series } of metrics) {
    const ids = bySeries.get(series);
    if (ids === undefined) bySeries.set(series, [id]);
    else ids.push(id);
  }
  return [...bySeries]
    .filter(([, ids]) => ids.length > 1)
    .map(([series, ids]) => ({ series, resource, metricIds: ids }));
}

function ascending(ids: ReadonlySet<number>): readonly number[] {
  return [...ids].sort((a, b) => a - b);
}
