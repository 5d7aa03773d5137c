import { MillraceError, type RunContext } from "@millrace/core";
import type { ArchiveParser, ParsedDocument, SampleBlock } from "../parser/archive-parser.ts";
import type { MapText } from "./block-map.ts";
import type { ColumnTable } from "./column-table.ts";
import { type DatBlock, datBlocks, timesOf } from "./dat-blocks.ts";
import { readHeader } from "./dat-file.ts";
import { DEFAULT_METRIC_IDS } from "./default-metrics.ts";
import { identifyPeriodFile } from "./file-name.ts";
import { type FileOwner, fileOwner } from "./file-owner.ts";
import { MapMemory, type RememberedMap } from "./map-memory.ts";
import { type TimeBounds, timeBounds } from "./plausible-times.ts";

/** Options of {@link oceanstor}. */
export interface OceanstorOptions {
  /**
   * Which metrics to deliver: all, the short list {@link DEFAULT_METRIC_IDS}, or ids of your own.
   * @defaultValue "all"
   */
  readonly metrics?: "all" | "default" | readonly number[];
  /**
   * Times that are believed. A block that begins before or reaches beyond them is refused, and the rest
   * of its file with it: one damaged byte would otherwise make a database refuse or drop far more.
   * @defaultValue 2001-01-01 to one day from now
   */
  readonly times?: Partial<TimeBounds>;
}

/**
 * The parser of Huawei OceanStor performance files (`PerfData_….tgz` with `.dat` inside).
 *
 * Series carry the labels `Element`, `Resource`, `SN` and `scrape_interval`. The serial number comes
 * from the file's own name; times are Unix seconds from the data, so no time zone is involved. An id
 * that is in no table is delivered as `huawei_unknown_metric_<id>` or `UNKNOWN_RESOURCE_<id>`.
 *
 * A file is read up to the first damage; what lies before it is delivered. Bytes other than zeros behind
 * the last block count as damage: rows may be among them.
 *
 * Emits `ingest:table` ({@link TableFacts}) for each new set of columns that has rows and
 * `ingest:period` ({@link PeriodFacts}) for each block with rows.
 *
 * @throws MillraceError INVALID_OPTION when `times` leave no time between them
 * @example
 * ```ts
 * import { oceanstor } from "@millrace/ingest";
 *
 * const parser = oceanstor({ metrics: "default" });
 * parser.identify("2025-10-20/PerfData_D_SN_2102355ABC_SP0_1_20251020001500.tgz"); // { stream, order }
 * ```
 */
export function oceanstor(options: OceanstorOptions = {}): ArchiveParser {
  const wanted = wantedIds(options.metrics ?? "all");
  timeBounds(options.times);
  const memories = new WeakMap<RunContext, MapMemory>();

  /** What was learnt in a run. One parser may serve several: each hears of every table. */
  const memoryOf = (context: RunContext): MapMemory => {
    const memory = memories.get(context) ?? new MapMemory(wanted);
    memories.set(context, memory);
    return memory;
  };

  return {
    apiVersion: 1,
    name: "oceanstor",
    identify: identifyPeriodFile,
    parse({ bytes, memberPath, path }, context): ParsedDocument {
      const memory = memoryOf(context);
      const owner = fileOwner(readHeader(bytes), memberPath, path);
      const blocks: SampleBlock[] = [];
      const problems: string[] = [];
      let filtered = 0;
      const bounds = timeBounds(options.times);
      const columnsOf = (map: MapText): RememberedMap => memory.columnsOf(owner.serial, map);
      try {
        for (const block of datBlocks(bytes, bytes.length, bounds, columnsOf)) {
          if (block.rowCount === 0) continue;
          publish(block, owner, memory, context);
          blocks.push(sampleBlock(block, bytes));
          const { columnCount, columns } = block.columns;
          filtered += block.rowCount * (columnCount - columns.table.labels.length);
        }
      } catch (error) {
        // What was read before the damage is kept; without it the loss is the whole file's.
        if (!MillraceError.is(error) || blocks.length === 0) throw error;
        problems.push(`${path}: ${error.message}`);
      }
      return { blocks, filtered, problems };
    },
  };
}

/** Data of `ingest:table`: a set of columns that was not seen before. */
export interface TableFacts {
  readonly serial: string;
  readonly model: string;
  readonly controller: string;
  /** Series of the table. */
  readonly series: number;
  /** Those that no earlier table of this array and interval had. */
  readonly newSeries: number;
  readonly unknownMetrics: readonly number[];
  readonly unknownResources: readonly number[];
  readonly sharedNames: ColumnTable["sharedNames"];
}

/** Data of `ingest:period`: rows that were read. */
export interface PeriodFacts {
  readonly serial: string;
  readonly model: string;
  readonly controller: string;
  readonly intervalSeconds: number;
  /** First row, Unix milliseconds. */
  readonly firstMs: number;
  /** Last row, Unix milliseconds. */
  readonly lastMs: number;
  /** Samples delivered of these rows. */
  readonly samples: number;
}

/** Says what is in a block, and in its table where that is new. */
function publish(
  { columns: map, times, rowCount }: DatBlock<RememberedMap>,
  owner: FileOwner,
  memory: MapMemory,
  context: RunContext,
): void {
  const { table, unknownMetrics, unknownResources, sharedNames } = map.columns;
  const series = table.labels.length;
  if (!map.published) {
    map.published = true;
    const newSeries = memory.series.add(table);
    const ids = { unknownMetrics, unknownResources, sharedNames };
    const facts: TableFacts = { ...owner, series, newSeries, ...ids };
    context.emit({ type: "ingest:table", data: { ...facts } });
  }
  const { intervalSeconds } = times;
  const [firstMs, lastMs] = timesOf(times, rowCount);
  const samples = rowCount * series;
  const facts: PeriodFacts = { ...owner, intervalSeconds, firstMs, lastMs, samples };
  context.emit({ type: "ingest:period", data: { ...facts } });
}

function sampleBlock(block: DatBlock<RememberedMap>, bytes: Uint8Array): SampleBlock {
  const { times, rowCount, rowsAt, endAt } = block;
  const { table, columns, columnCount } = block.columns.columns;
  return {
    table,
    ...(columns === undefined ? {} : { columns }),
    columnCount,
    rowCount,
    cells: { type: "int32", bytes: bytes.subarray(rowsAt, endAt) },
    startMs: times.startSeconds * 1000,
    stepMs: times.intervalSeconds * 1000,
  };
}

function wantedIds(
  metrics: "all" | "default" | readonly number[],
): ReadonlySet<number> | undefined {
  if (metrics === "all") return undefined;
  return new Set(metrics === "default" ? DEFAULT_METRIC_IDS : metrics);
}
