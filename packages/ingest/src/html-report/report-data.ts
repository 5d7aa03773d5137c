import type { ArrayAccumulator, TrackedSeries } from "./array-accumulator.ts";
import type { PanelSpec, ResourceCharts } from "./charts.ts";
import type { ReportAccumulator } from "./report-accumulator.ts";
import type { SeriesSummary } from "./series-accumulator.ts";
import type { TimeAxis, TimeBuckets } from "./time-buckets.ts";

const DIGITS = 4;
const LONGEST_NAME = 200;

/** One line of a chart and one row of its table. */
export interface ElementData {
  readonly name: string;
  readonly min: number;
  readonly mean: number;
  readonly p95: number;
  readonly max: number;
  /** Mean by time bucket, from the array's first one; null where there was no sample. */
  readonly means: readonly (number | null)[];
  /** Greatest sample by time bucket; absent where it equals the mean. */
  readonly peaks?: readonly (number | null)[];
}

/** One chart with its table. */
export interface PanelData {
  readonly kind: PanelSpec["kind"];
  readonly title: string;
  readonly unit: string;
  /** Elements that have this metric; `series` holds the busiest of them. */
  readonly elements: number;
  /** Busiest first, by 95th percentile. */
  readonly series: readonly ElementData[];
}

/** All charts of one kind of resource. */
export interface ResourceData {
  readonly title: string;
  readonly elements: number;
  readonly panels: readonly PanelData[];
}

/** One storage array. */
export interface ArrayData {
  readonly serial: string;
  readonly model?: string;
  readonly samples: number;
  readonly firstMs: number;
  readonly lastMs: number;
  /** Collection intervals in seconds, ascending. */
  readonly intervals: readonly number[];
  /** Charted samples that were below 0 or no number. */
  readonly leftOut: number;
  /** When the first time bucket begins, and how wide each is. */
  readonly bucketStartMs: number;
  readonly bucketMs: number;
  readonly bucketCount: number;
  readonly resources: readonly ResourceData[];
}

/** What the storage array itself is known as. */
export interface ArrayFacts {
  readonly model?: string;
}

/** The charts of one array as plain data, numbers cut to four digits. */
function arrayData(
  array: ArrayAccumulator,
  charts: readonly ResourceCharts[],
  topElements: number,
  facts: ArrayFacts | undefined,
): ArrayData {
  const { axis } = array;
  let leftOut = 0;
  const byName = new Map<string, TrackedSeries[]>();
  for (const tracked of array.series.values()) {
    leftOut += tracked.data.leftOut;
    if (tracked.data.count === 0) continue;
    const key = nameKey(tracked.resource, tracked.series);
    const sharing = byName.get(key);
    if (sharing === undefined) byName.set(key, [tracked]);
    else sharing.push(tracked);
  }
  // Not within the literal: where V8 of Node 24 leaves an optimized loop of this function only there, in a call that the
  // literal makes, the objects made so share their numbers (seen in one report of 74 on a busy machine).
  const { samples, firstMs, lastMs } = array;
  const serial = shown(array.serial);
  const model = facts?.model === undefined ? {} : { model: shown(facts.model) };
  const intervals = [...array.intervals]
    .map(Number)
    .filter(Number.isFinite)
    .sort((a, b) => a - b);
  const bucketStartMs = axis?.startOf(axis.first) ?? 0;
  const bucketMs = axis?.widthMs ?? 1;
  const bucketCount = axis === undefined ? 0 : axis.last - axis.first + 1;
  const resources = charts.flatMap((chart) => resourceData(chart, byName, axis, topElements));
  return {
    serial,
    ...model,
    samples,
    firstMs,
    lastMs,
    intervals,
    leftOut,
    bucketStartMs,
    bucketMs,
    bucketCount,
    resources,
  };
}

function resourceData(
  { resource, title, panels }: ResourceCharts,
  byName: ReadonlyMap<string, readonly TrackedSeries[]>,
  axis: TimeAxis | undefined,
  topElements: number,
): ResourceData[] {
  if (axis === undefined) return [];
  const elements = new Set<string>();
  const filled = panels.flatMap((panel): PanelData[] => {
    const rows = rowsOf(panel, resource, byName);
    for (const { element } of rows) elements.add(element);
    if (rows.length === 0) return [];
    return [
      {
        kind: panel.kind,
        title: panel.title,
        unit: panel.unit,
        elements: rows.length,
        series: rows.slice(0, topElements).map((row) => elementData(row, axis)),
      },
    ];
  });
  return filled.length === 0 ? [] : [{ title, elements: elements.size, panels: filled }];
}

interface Row {
  readonly element: string;
  readonly scale: number;
  readonly summary: SeriesSummary;
  readonly buckets: TimeBuckets;
}

/** Every element with its best series, busiest first. */
function rowsOf(
  panel: PanelSpec,
  resource: string,
  byName: ReadonlyMap<string, readonly TrackedSeries[]>,
): Row[] {
  const rows = new Map<string, Row>();
  for (const { series, scale = 1 } of panel.candidates) {
    for (const { element, data } of byName.get(nameKey(resource, series)) ?? []) {
      if (rows.has(element)) continue;
      rows.set(element, { element, scale, summary: data.summary(), buckets: data.buckets });
    }
  }
  return [...rows.values()].sort(
    (a, b) =>
      b.summary.p95 * b.scale - a.summary.p95 * a.scale ||
      b.summary.mean * b.scale - a.summary.mean * a.scale ||
      (a.element < b.element ? -1 : 1),
  );
}

function elementData({ element, scale, summary, buckets }: Row, axis: TimeAxis): ElementData {
  const means: (number | null)[] = [];
  const peaks: (number | null)[] = [];
  let differ = false;
  for (let bucket = axis.first; bucket <= axis.last; bucket++) {
    const slot = axis.slotOf(bucket);
    const count = buckets.counts[slot] as number;
    if (count > 1) differ = true;
    means.push(count === 0 ? null : cut(((buckets.sums[slot] as number) / count) * scale));
    peaks.push(count === 0 ? null : cut((buckets.peaks[slot] as number) * scale));
  }
  // As in arrayData, nothing is computed within the literal.
  const name = shown(element);
  const min = cut(summary.min * scale);
  const mean = cut(summary.mean * scale);
  const p95 = cut(summary.p95 * scale);
  const max = cut(summary.max * scale);
  return { name, min, mean, p95, max, means, ...(differ ? { peaks } : {}) };
}

function nameKey(resource: string, series: string): string {
  return JSON.stringify([resource, series]);
}

function cut(value: number): number {
  return Number(value.toPrecision(DIGITS));
}

/** A name as it can be shown: not endless, and without marks that turn the text around. */
function shown(name: string): string {
  const plain = name.replace(/[\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
  return plain.length > LONGEST_NAME ? `${plain.slice(0, LONGEST_NAME)}…` : plain;
}

/** The whole report as plain data: what the page's script reads. */
export interface ReportData {
  readonly title: string;
  /** When the page was written. */
  readonly writtenMs: number;
  readonly samples: number;
  readonly trackedSeries: number;
  readonly droppedSeries: number;
  /** Greatest relative error of the 95th percentiles. */
  readonly p95Error: number;
  readonly arrays: readonly ArrayData[];
}

/** What {@link reportData} needs besides the samples. */
export interface ReportDataOptions {
  readonly title: string;
  readonly writtenMs: number;
  readonly p95Error: number;
  readonly charts: readonly ResourceCharts[];
  readonly topElements: number;
  /** What is known of the arrays, by serial number. */
  readonly facts: ReadonlyMap<string, ArrayFacts>;
}

/** The report as plain data, arrays in order of serial number. */
export function reportData(from: ReportAccumulator, options: ReportDataOptions): ReportData {
  const { title, writtenMs, p95Error, charts, topElements, facts } = options;
  return {
    title,
    writtenMs,
    samples: from.samples,
    trackedSeries: from.trackedSeries,
    droppedSeries: from.droppedSeries,
    p95Error,
    arrays: [...from.arrays.values()]
      .filter(({ samples }) => samples > 0)
      .sort((a, b) => (a.serial < b.serial ? -1 : 1))
      .map((array) => arrayData(array, charts, topElements, facts.get(array.serial))),
  };
}
