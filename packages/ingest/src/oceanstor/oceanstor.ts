import { MillraceError, type RunContext } from "@millrace/core";
import type { ArchiveParser, ParsedDocument, SampleBlock } from "../parser/archive-parser.ts";
import type { MapText } from "./block-map.ts";
import { type ColumnNaming, type ColumnSelection, columnRules } from "./column-rules.ts";
import type { ColumnTable } from "./column-table.ts";
import { type DatBlock, datBlocks } from "./dat-blocks.ts";
import { readHeader } from "./dat-file.ts";
import { identifyPeriodFile } from "./file-name.ts";
import { type FileOwner, fileOwner } from "./file-owner.ts";
import { MapMemory, type RememberedMap } from "./map-memory.ts";
import { type TimeBounds, timeBounds } from "./plausible-times.ts";

/** Options of {@link oceanstor}. */
export interface OceanstorOptions extends ColumnSelection, ColumnNaming {
  /** Rows from this time on are delivered, Unix milliseconds. @defaultValue all */
  readonly fromMs?: number;
  /** Rows before this time are delivered, Unix milliseconds. @defaultValue all */
  readonly toMs?: number;
  /**
   * Leaves out samples with the value -1, which most likely means that nothing was measured. They count
   * as filtered. @defaultValue false
   */
  readonly dropNotCollected?: boolean;
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
 * @throws MillraceError INVALID_OPTION when `times` or `fromMs` and `toMs` leave no time between them,
 *   or a metric or resource is in no table
 * @example
 * ```ts
 * import { oceanstor } from "@millrace/ingest";
 *
 * const parser = oceanstor({ metrics: "default" });
 * parser.identify("2025-10-20/PerfData_D_SN_2102355ABC_SP0_1_20251020001500.tgz"); // { stream, order }
 * ```
 */
export function oceanstor(options: OceanstorOptions = {}): ArchiveParser {
  const rules = columnRules(options);
  const range = timeRange(options);
  const { dropNotCollected = false } = options;
  timeBounds(options.times);
  const memories = new WeakMap<RunContext, MapMemory>();

  /** What was learnt in a run. One parser may serve several: each hears of every table. */
  const memoryOf = (context: RunContext): MapMemory => {
    const memory = memories.get(context) ?? new MapMemory(rules);
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
      const columnsOf = (map: MapText): RememberedMap => memory.columnsOf(owner, map);
      try {
        for (const block of datBlocks(bytes, bytes.length, bounds, columnsOf)) {
          const { columns } = block;
          if (columns === undefined || block.rowCount === 0) continue;
          const rows = rowsWithin(block, range);
          const cut = sampleBlock({ ...block, columns }, bytes, rows, dropNotCollected);
          const samples = cut.rowCount * cut.table.labels.length - (cut.missing ?? 0);
          filtered += block.rowCount * cut.columnCount - samples;
          if (cut.rowCount === 0) continue;
          publish(columns, cut, samples, owner, memory, context);
          blocks.push(cut);
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
  map: RememberedMap,
  { startMs, stepMs, rowCount }: SampleBlock,
  samples: number,
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
  const intervalSeconds = stepMs / 1000;
  const lastMs = startMs + (rowCount - 1) * stepMs;
  const facts: PeriodFacts = { ...owner, intervalSeconds, firstMs: startMs, lastMs, samples };
  context.emit({ type: "ingest:period", data: { ...facts } });
}

/** Rows of a block, the second number exclusive. */
type Rows = readonly [from: number, to: number];

/** What the vendor's own script takes for "not collected", and never shows. */
const NOT_COLLECTED = -1;

function sampleBlock(
  { times, rowsAt, columns: map }: DatBlock<RememberedMap> & { readonly columns: RememberedMap },
  bytes: Uint8Array,
  [from, to]: Rows,
  dropNotCollected: boolean,
): SampleBlock {
  const { table, columns, columnCount } = map.columns;
  const rowBytes = 4 * columnCount;
  const stepMs = times.intervalSeconds * 1000;
  const block: SampleBlock = {
    table,
    ...(columns === undefined ? {} : { columns }),
    columnCount,
    rowCount: to - from,
    cells: {
      type: "int32",
      bytes: bytes.subarray(rowsAt + from * rowBytes, rowsAt + to * rowBytes),
    },
    startMs: times.startSeconds * 1000 + from * stepMs,
    stepMs,
  };
  if (!dropNotCollected) return block;
  return { ...block, noSample: NOT_COLLECTED, missing: countCells(block, NOT_COLLECTED) };
}

/** Cells of the block's series that hold a value. */
function countCells({ cells, columns, columnCount, rowCount, table }: SampleBlock, value: number) {
  // A copy, because a block can begin at any byte.
  const values = new Int32Array(Uint8Array.from(cells.bytes).buffer);
  let count = 0;
  for (let row = 0; row < rowCount; row++) {
    const first = row * columnCount;
    for (let series = 0; series < table.labels.length; series++) {
      const column = columns === undefined ? series : (columns[series] as number);
      if (values[first + column] === value) count += 1;
    }
  }
  return count;
}

interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

function rowsWithin({ times, rowCount }: DatBlock<unknown>, { fromMs, toMs }: TimeRange): Rows {
  const startMs = times.startSeconds * 1000;
  const stepMs = times.intervalSeconds * 1000;
  const within = (row: number): number => Math.min(rowCount, Math.max(0, row));
  const from = within(Math.ceil((fromMs - startMs) / stepMs));
  return [from, Math.max(from, within(Math.ceil((toMs - startMs) / stepMs)))];
}

function timeRange({ fromMs = -Infinity, toMs = Infinity }: OceanstorOptions): TimeRange {
  if (fromMs < toMs) return { fromMs, toMs };
  throw new MillraceError(
    "INVALID_OPTION",
    `fromMs is ${fromMs} and toMs ${toMs}; give two times, the earlier one first.`,
  );
}
