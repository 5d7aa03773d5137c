import { columnCount } from "../oceanstor/block-map.ts";
import { columnTable, type SharedName } from "../oceanstor/column-table.ts";
import type { FileOwner } from "../oceanstor/file-owner.ts";
import { FingerprintMap } from "../oceanstor/fingerprint-map.ts";
import { resourceOf } from "../oceanstor/id-tables.ts";
import type { DatPeek, PeekedBlock } from "../oceanstor/peek.ts";
import { SeriesCounter } from "../oceanstor/series-counter.ts";

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

interface FoundResource {
  elements: number;
  readonly metrics: Set<number>;
}

interface Found {
  readonly model: string;
  readonly intervals: Set<number>;
  readonly spans: Map<string, Span[]>;
  readonly resources: Map<string, FoundResource>;
  readonly unknownMetrics: Set<number>;
  readonly unknownResources: Set<number>;
  readonly sharedNames: Map<string, SharedName>;
  series: number;
  samples: number;
}

/** Gathers what heads of files tell, array by array. */
export class ArrayFinder {
  readonly #arrays = new Map<string, Found>();
  // Of all arrays; their serial is part of what is noted.
  readonly #maps = new FingerprintMap();
  readonly #elements = new FingerprintMap();
  readonly #series = new SeriesCounter();

  /** @param weight - how many files this one stands for */
  add(peek: DatPeek, weight: number): void {
    for (const block of peek.blocks) this.#addBlock(peek, block, weight);
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
          elements,
          metrics: metrics.size,
        })),
        series: found.series,
        samples: Math.round(found.samples),
        unknownMetrics: ascending(found.unknownMetrics),
        unknownResources: ascending(found.unknownResources),
        sharedNames: [...found.sharedNames.values()],
      };
    });
  }

  #addBlock(owner: FileOwner, block: PeekedBlock, weight: number): void {
    const { serial, controller, model } = owner;
    const { intervalSeconds, resources, rowCount } = block;
    const found = this.#arrays.get(serial) ?? emptyFound(model);
    this.#arrays.set(serial, found);
    found.samples += weight * rowCount * columnCount(resources);
    found.intervals.add(intervalSeconds);
    const spans = found.spans.get(controller) ?? [];
    found.spans.set(controller, spans);
    noteSpan(spans, block);
    const mapKey = JSON.stringify(resources);
    if (this.#maps.add(`${serial} ${intervalSeconds} ${mapKey}`)) {
      this.#noteColumns(found, serial, block, mapKey);
    }
  }

  #noteColumns(
    found: Found,
    serial: string,
    { intervalSeconds, resources }: PeekedBlock,
    mapKey: string,
  ): void {
    const columns = columnTable(resources, { serial, intervalSeconds, mapKey }, undefined);
    found.series += this.#series.add(columns.table);
    for (const id of columns.unknownMetrics) found.unknownMetrics.add(id);
    for (const id of columns.unknownResources) found.unknownResources.add(id);
    for (const shared of columns.sharedNames) {
      found.sharedNames.set(`${shared.resource} ${shared.series}`, shared);
    }
    for (const { resourceId, elements, metricIds } of resources) {
      const { name } = resourceOf(resourceId);
      const known = found.resources.get(name) ?? { elements: 0, metrics: new Set() };
      found.resources.set(name, known);
      for (const element of elements) {
        if (this.#elements.add(`${serial}\0${name}\0${element}`)) known.elements += 1;
      }
      for (const id of metricIds) known.metrics.add(id);
    }
  }
}

/** Files follow one another, so most only lengthen the span before. */
function noteSpan(spans: Span[], { startSeconds, intervalSeconds, rowCount }: PeekedBlock): void {
  const fromMs = startSeconds * 1000;
  const toMs = fromMs + rowCount * intervalSeconds * 1000;
  const lastMs = toMs - intervalSeconds * 1000;
  const before = spans.at(-1);
  if (before?.toMs === fromMs) spans[spans.length - 1] = { ...before, lastMs, toMs };
  else spans.push({ fromMs, lastMs, toMs });
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
    unknownMetrics: new Set(),
    unknownResources: new Set(),
    sharedNames: new Map(),
    series: 0,
    samples: 0,
  };
}

function ascending(numbers: ReadonlySet<number>): readonly number[] {
  return [...numbers].sort((a, b) => a - b);
}
