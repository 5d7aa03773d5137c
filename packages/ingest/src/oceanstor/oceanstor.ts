import { MillraceError, type RunContext } from "@millrace/core";
import type { ArchiveParser, ParsedDocument, SampleBlock } from "../parser/archive-parser.ts";
import { type BlockTimes, blockTimes, type MapResource, parseBlockMap } from "./block-map.ts";
import { type ColumnTable, columnTable } from "./column-table.ts";
import { FIRST_BLOCK_AT, readBlock, readHeader } from "./dat-file.ts";
import { DEFAULT_METRIC_IDS } from "./default-metrics.ts";
import { identifyPeriodFile } from "./file-name.ts";
import { type FileOwner, fileOwner } from "./file-owner.ts";

/** Options of {@link oceanstor}. */
export interface OceanstorOptions {
  /**
   * Which metrics to deliver: all, the short list {@link DEFAULT_METRIC_IDS}, or ids of your own.
   * @defaultValue "all"
   */
  readonly metrics?: "all" | "default" | readonly number[];
}

/**
 * Maps remembered between files, and the series they may name in all. Each controller has one map and
 * firmware changes bring another, but an archive whose elements change in every file must not fill the
 * memory with maps that never come back.
 */
const REMEMBERED_MAPS = 32;
const REMEMBERED_SERIES = 500_000;
const MAP_KEY = Buffer.from('"Map":');

/**
 * The parser of Huawei OceanStor performance files (`PerfData_….tgz` with `.dat` inside).
 *
 * Series carry the labels `Element`, `Resource`, `SN` and `scrape_interval`. The serial number comes
 * from the file's own name; times are Unix seconds from the data, so no time zone is involved. An id
 * that is in no table is delivered as `huawei_unknown_metric_<id>` or `UNKNOWN_RESOURCE_<id>`.
 *
 * Emits `ingest:table` ({@link TableFacts}) for each new set of columns that has rows and
 * `ingest:period` ({@link PeriodFacts}) for each block with rows.
 *
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
  const memories = new WeakMap<RunContext, RunMemory>();

  /** What was learnt in a run. One parser may serve several: each hears of every table. */
  const memoryOf = (context: RunContext): RunMemory => {
    let memory = memories.get(context);
    if (memory === undefined) {
      memory = { maps: [], seenSeries: new Map() };
      memories.set(context, memory);
    }
    return memory;
  };

  /** The columns under a map; the same object for equal maps, so that their blocks can be joined. */
  const columnsOf = (
    { maps }: RunMemory,
    serial: string,
    intervalSeconds: number,
    mapBytes: Uint8Array,
    resources: () => readonly MapResource[],
  ): RememberedMap => {
    const at = maps.findIndex(
      (m) =>
        m.serial === serial &&
        m.intervalSeconds === intervalSeconds &&
        Buffer.compare(m.mapBytes, mapBytes) === 0,
    );
    const known = maps[at];
    if (known !== undefined) {
      // Most recently used first: with two controllers in turn the search stays short.
      if (at > 0) maps.unshift(...maps.splice(at, 1));
      return known;
    }
    const found = resources();
    const mapKey = JSON.stringify(found);
    const made = columnTable(found, { serial, intervalSeconds, mapKey }, wanted);
    // Another text, with blanks or other keys, may mean columns that are known already.
    const equal = maps.find((m) => m.columns.table.id === made.table.id);
    const columns = equal?.columns ?? made;
    const ownBytes = Uint8Array.from(mapBytes);
    const published = equal?.published ?? false;
    const fresh = { serial, intervalSeconds, mapBytes: ownBytes, columns, published };
    maps.unshift(fresh);
    let series = 0;
    const tooMany = maps.findIndex((map, i) => {
      series += map.columns.columnCount;
      return i > 0 && (i >= REMEMBERED_MAPS || series > REMEMBERED_SERIES);
    });
    if (tooMany > 0) maps.length = tooMany;
    return fresh;
  };

  return {
    apiVersion: 1,
    name: "oceanstor",
    identify: identifyPeriodFile,
    parse(input, context): ParsedDocument {
      const { bytes } = input;
      const memory = memoryOf(context);
      const header = readHeader(bytes);
      const owner = fileOwner(header, input.memberPath, input.path);
      const blocks: SampleBlock[] = [];
      const problems: string[] = [];
      let filtered = 0;
      let at = FIRST_BLOCK_AT;
      try {
        for (let raw = readBlock(bytes, at); raw !== undefined; raw = readBlock(bytes, at)) {
          const { times, mapBytes, resources } = readMap(raw.map);
          if (times.intervalSeconds <= 0) {
            throw new MillraceError(
              "CORRUPT_INPUT",
              `The block at byte ${at} has an interval of ${times.intervalSeconds} s, so its times are not known.`,
            );
          }
          const { serial } = owner;
          const map = columnsOf(memory, serial, times.intervalSeconds, mapBytes, resources);
          const { columns } = map;
          const promised = rowsOf(times);
          const rowBytes = columns.columnCount * 4;
          const available = rowBytes === 0 ? 0 : Math.floor((bytes.length - raw.rowsAt) / rowBytes);
          const rowCount = rowBytes === 0 ? 0 : Math.min(promised, available);
          if (rowCount > 0) {
            if (!map.published) {
              map.published = true;
              const newSeries = countNew(memory.seenSeries, serial, columns);
              context.emit({
                type: "ingest:table",
                data: { ...tableFacts(owner, columns, newSeries) },
              });
            }
            const end = raw.rowsAt + rowCount * rowBytes;
            blocks.push(sampleBlock(columns, times, rowCount, bytes.subarray(raw.rowsAt, end)));
            filtered += rowCount * (columns.columnCount - columns.table.labels.length);
            const samples = rowCount * columns.table.labels.length;
            const facts = periodFacts(owner, times, rowCount, samples);
            context.emit({ type: "ingest:period", data: { ...facts } });
          }
          if (rowBytes > 0 && available < promised) {
            problems.push(
              `${input.path}: the block at byte ${at} ends after ${rowCount} of ${promised} rows.`,
            );
            break;
          }
          at = raw.rowsAt + rowCount * rowBytes;
        }
      } catch (error) {
        // Only the first block's loss is the file's loss; after it, what was read is kept.
        if (!MillraceError.is(error) || at === FIRST_BLOCK_AT) throw error;
        problems.push(`${input.path}: ${error.message}`);
      }
      if (blocks.length === 0 && problems.length > 0) {
        throw new MillraceError("CORRUPT_INPUT", problems.join(" "));
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

interface RememberedMap {
  readonly serial: string;
  readonly intervalSeconds: number;
  readonly mapBytes: Uint8Array;
  readonly columns: ColumnTable;
  /** Its `ingest:table` was emitted. */
  published: boolean;
}

interface RunMemory {
  /** Most recently used first. */
  readonly maps: RememberedMap[];
  /** By array and interval. */
  readonly seenSeries: Map<string, Set<string>>;
}

/**
 * Usually the map comes last in its text, so that everything behind `"Map":` can be compared as bytes
 * with maps already read, and only the few scalars before it are parsed.
 */
function readMap(text: Uint8Array): {
  readonly times: BlockTimes;
  readonly mapBytes: Uint8Array;
  readonly resources: () => readonly MapResource[];
} {
  const buffer = Buffer.from(text.buffer, text.byteOffset, text.length);
  const whole = () => parseBlockMap(buffer.toString("utf8"));
  const mapAt = buffer.indexOf(MAP_KEY);
  const head = buffer.toString("latin1", 0, Math.max(0, mapAt)).replace(/,\s*$/, "}");
  try {
    const times = blockTimes(JSON.parse(head) as Record<string, unknown>);
    return { times, mapBytes: text.subarray(mapAt), resources: () => whole().resources };
  } catch {
    // Another order of keys, or blanks: read all of it, and compare what matters as text.
    const { resources, ...times } = whole();
    return { times, mapBytes: Buffer.from(JSON.stringify(resources)), resources: () => resources };
  }
}

function sampleBlock(
  columns: ColumnTable,
  times: BlockTimes,
  rowCount: number,
  bytes: Uint8Array,
): SampleBlock {
  return {
    table: columns.table,
    ...(columns.columns === undefined ? {} : { columns: columns.columns }),
    columnCount: columns.columnCount,
    rowCount,
    cells: { type: "int32", bytes },
    startMs: times.startSeconds * 1000,
    stepMs: times.intervalSeconds * 1000,
  };
}

/** Whole intervals only; an end at or before the start means no rows. */
function rowsOf({ startSeconds, endSeconds, intervalSeconds }: BlockTimes): number {
  return Math.max(0, Math.trunc((endSeconds - startSeconds) / intervalSeconds));
}

function periodFacts(
  owner: FileOwner,
  times: BlockTimes,
  rowCount: number,
  samples: number,
): PeriodFacts {
  const { startSeconds, intervalSeconds } = times;
  return {
    ...owner,
    intervalSeconds,
    firstMs: startSeconds * 1000,
    lastMs: (startSeconds + (rowCount - 1) * intervalSeconds) * 1000,
    samples,
  };
}

function tableFacts(owner: FileOwner, columns: ColumnTable, newSeries: number): TableFacts {
  const { table, unknownMetrics, unknownResources, sharedNames } = columns;
  const series = table.labels.length;
  return { ...owner, series, newSeries, unknownMetrics, unknownResources, sharedNames };
}

/** How many of the table's series are new: controllers report some elements both. */
function countNew(seen: Map<string, Set<string>>, serial: string, columns: ColumnTable): number {
  const interval = columns.table.labels[0]?.["scrape_interval"] ?? "";
  const key = `${serial} ${interval}`;
  const series = seen.get(key) ?? new Set<string>();
  seen.set(key, series);
  const before = series.size;
  for (const { __name__, Element, Resource } of columns.table.labels) {
    series.add(`${__name__}\0${Resource}\0${Element}`);
  }
  return series.size - before;
}

function wantedIds(
  metrics: "all" | "default" | readonly number[],
): ReadonlySet<number> | undefined {
  if (metrics === "all") return undefined;
  return new Set(metrics === "default" ? DEFAULT_METRIC_IDS : metrics);
}
