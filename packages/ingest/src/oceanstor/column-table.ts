import type { Labels, SeriesTable } from "@millrace/core";
import type { MapResource } from "./block-map.ts";
import { metricOf, resourceOf } from "./id-tables.ts";

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
  /** Tells this map from others; part of the table's id. */
  readonly mapKey: string;
}

/**
 * Names every column of a map.
 *
 * Columns go resource by resource in map order, within it element by element, within that metric by
 * metric.
 *
 * @param wanted - metric ids to deliver; undefined for all
 */
export function columnTable(
  resources: readonly MapResource[],
  identity: TableIdentity,
  wanted: ReadonlySet<number> | undefined,
): ColumnTable {
  const { serial, intervalSeconds } = identity;
  const interval = String(intervalSeconds);
  const labels: Labels[] = [];
  const divisors: number[] = [];
  const columns: number[] = [];
  const unknownMetrics = new Set<number>();
  const unknownResources = new Set<number>();
  const sharedNames: SharedName[] = [];
  let column = 0;
  for (const { resourceId, elements, metricIds } of resources) {
    const resource = resourceOf(resourceId);
    const metrics = metricIds.map(metricOf);
    const delivered = metricIds.filter((id) => wanted?.has(id) ?? true);
    if (elements.length > 0 && delivered.length > 0) {
      if (!resource.known) unknownResources.add(resourceId);
      for (const id of delivered) if (!metricOf(id).known) unknownMetrics.add(id);
      sharedNames.push(...shared(resource.name, delivered));
    }
    for (const element of elements) {
      for (const metric of metrics) {
        if (wanted === undefined || wanted.has(metric.id)) {
          labels.push({
            __name__: metric.series,
            Element: element,
            Resource: resource.name,
            SN: serial,
            scrape_interval: interval,
          });
          divisors.push(metric.divisor);
          columns.push(column);
        }
        column += 1;
      }
    }
  }
  const id = `${serial} ${interval} ${identity.mapKey}`;
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

function shared(resource: string, metricIds: readonly number[]): SharedName[] {
  const bySeries = new Map<string, number[]>();
  for (const id of metricIds) {
    const { series } = metricOf(id);
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
