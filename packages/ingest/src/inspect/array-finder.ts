import { columnCount } from "../oceanstor/block-map.ts";
import { columnTable, type SharedName } from "../oceanstor/column-table.ts";
import { resourceOf } from "../oceanstor/id-tables.ts";
import type { DatPeek } from "../oceanstor/peek.ts";

/** Elements and metrics of one resource type, as many as any file of the array lists. */
export interface InspectedResource {
  readonly name: string;
  readonly elements: number;
  readonly metrics: number;
}

/** A stretch of time without data of one controller. */
export interface Gap {
  readonly controller: string;
  /** End of the last row before it and start of the first row behind it, Unix milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** What was found of one array. */
export interface InspectedArray {
  readonly serial: string;
  readonly model: string;
  readonly controllers: readonly string[];
  /** Ascending, seconds. */
  readonly intervals: readonly number[];
  /** First and last sample, Unix milliseconds. */
  readonly timeRangeMs: readonly [number, number];
  /** Undefined where only a sample of the files was read. */
  readonly gaps: readonly Gap[] | undefined;
  readonly resources: readonly InspectedResource[];
  readonly series: number;
  readonly samples: number;
  readonly unknownMetrics: readonly number[];
  readonly unknownResources: readonly number[];
  readonly sharedNames: readonly SharedName[];
}

interface Span {
  readonly fromMs: number;
  /** Last row; `toMs` is where the next one would be. */
  readonly lastMs: number;
  readonly toMs: number;
}

interface Found {
  readonly model: string;
  readonly intervals: Set<number>;
  readonly spans: Map<string, Span[]>;
  readonly resources: Map<string, { elements: Set<string>; metrics: Set<number> }>;
  readonly maps: Set<string>;
  readonly series: Set<string>;
  readonly unknownMetrics: Set<number>;
  readonly unknownResources: Set<number>;
  readonly sharedNames: Map<string, SharedName>;
  samples: number;
}

/** Gathers what heads of files tell, array by array. */
export class ArrayFinder {
  readonly #arrays = new Map<string, Found>();

  /** @param weight - how many files this one stands for */
  add(peek: DatPeek, weight: number): void {
    const { serial, controller, startSeconds, intervalSeconds } = peek;
    const rows = peek.rows * peek.blocks;
    if (intervalSeconds <= 0 || rows === 0) return;
    const found = this.#arrays.get(serial) ?? emptyFound(peek.model);
    this.#arrays.set(serial, found);
    found.samples += weight * rows * columnCount(peek.resources);
    found.intervals.add(intervalSeconds);
    const spans = found.spans.get(controller) ?? [];
    found.spans.set(controller, spans);
    const toMs = (startSeconds + rows * intervalSeconds) * 1000;
    spans.push({ fromMs: startSeconds * 1000, lastMs: toMs - intervalSeconds * 1000, toMs });
    const mapKey = JSON.stringify(peek.resources);
    if (found.maps.has(`${intervalSeconds} ${mapKey}`)) return;
    found.maps.add(`${intervalSeconds} ${mapKey}`);
    noteColumns(found, peek, mapKey);
  }

  arrays(estimated: boolean): readonly InspectedArray[] {
    return [...this.#arrays].map(([serial, found]): InspectedArray => {
      const spans = [...found.spans.values()].flat();
      return {
        serial,
        model: found.model,
        controllers: [...found.spans.keys()].filter((name) => name !== "").sort(),
        intervals: ascending(found.intervals),
        timeRangeMs: [
          spans.reduce((least, { fromMs }) => Math.min(least, fromMs), Number.POSITIVE_INFINITY),
          spans.reduce((most, { lastMs }) => Math.max(most, lastMs), Number.NEGATIVE_INFINITY),
        ],
        gaps: estimated ? undefined : [...found.spans].flatMap(([name, list]) => gaps(name, list)),
        resources: [...found.resources].map(([name, { elements, metrics }]) => ({
          name,
          elements: elements.size,
          metrics: metrics.size,
        })),
        series: found.series.size,
        samples: Math.round(found.samples),
        unknownMetrics: ascending(found.unknownMetrics),
        unknownResources: ascending(found.unknownResources),
        sharedNames: [...found.sharedNames.values()],
      };
    });
  }
}

function noteColumns(found: Found, peek: DatPeek, mapKey: string): void {
  const { serial, intervalSeconds, resources } = peek;
  const columns = columnTable(resources, { serial, intervalSeconds, mapKey }, undefined);
  for (const { __name__, Resource, Element } of columns.table.labels) {
    found.series.add(`${intervalSeconds}\0${__name__}\0${Resource}\0${Element}`);
  }
  for (const id of columns.unknownMetrics) found.unknownMetrics.add(id);
  for (const id of columns.unknownResources) found.unknownResources.add(id);
  for (const shared of columns.sharedNames) {
    found.sharedNames.set(`${shared.resource} ${shared.series}`, shared);
  }
  for (const { resourceId, elements, metricIds } of resources) {
    const { name } = resourceOf(resourceId);
    const known = found.resources.get(name) ?? { elements: new Set(), metrics: new Set() };
    found.resources.set(name, known);
    for (const element of elements) known.elements.add(element);
    for (const id of metricIds) known.metrics.add(id);
  }
}

/** Where one file ends and the next begins later. */
function gaps(controller: string, spans: readonly Span[]): Gap[] {
  const found: Gap[] = [];
  let endMs: number | undefined;
  for (const { fromMs, toMs } of [...spans].sort((a, b) => a.fromMs - b.fromMs)) {
    if (endMs !== undefined && fromMs > endMs)
      found.push({ controller, fromMs: endMs, toMs: fromMs });
    endMs = Math.max(endMs ?? toMs, toMs);
  }
  return found;
}

function emptyFound(model: string): Found {
  return {
    model,
    intervals: new Set(),
    spans: new Map(),
    resources: new Map(),
    maps: new Set(),
    series: new Set(),
    unknownMetrics: new Set(),
    unknownResources: new Set(),
    sharedNames: new Map(),
    samples: 0,
  };
}

function ascending(numbers: ReadonlySet<number>): readonly number[] {
  return [...numbers].sort((a, b) => a - b);
}
