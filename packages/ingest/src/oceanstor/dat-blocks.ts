import { MillraceError } from "@millrace/core";
import { type BlockTimes, columnCount, type MapText, MOST_COLUMNS, readMap } from "./block-map.ts";
import { FIRST_BLOCK_AT, readBlock } from "./dat-file.ts";
import { checkTimes, type TimeBounds } from "./plausible-times.ts";

/** A block and where its rows lie. */
export interface DatBlock<C> {
  readonly times: BlockTimes;
  /** Undefined where its times promise no rows. */
  readonly columns: C | undefined;
  /** Complete rows in the file; 0 where the block has no columns. */
  readonly rowCount: number;
  /** Rows that its times promise. */
  readonly promisedRows: number;
  readonly rowsAt: number;
  readonly endAt: number;
}

/** Real files have one to three blocks. */
const MOST_BLOCKS = 10_000;
/** A block whose map is another than those before it costs the making of a table. */
const MOST_MAPS = 100;

/**
 * The blocks of a `.dat` from the first one on. What cannot be read ends it with an error, behind the
 * blocks before: nothing behind damage can be trusted, since only a sound block says where it ends.
 *
 * @param bytes - the file, or its beginning; then whoever walks must stop at a block that does not end it
 * @param sizeBytes - size of the whole file
 * @param columnsOf - what the columns under a map are
 * @throws MillraceError CORRUPT_INPUT saying what is damaged, with its offset
 * @throws MillraceError LIMIT_EXCEEDED for more blocks, maps or columns than any file of an array has
 */
export function* datBlocks<C extends { readonly columnCount: number }>(
  bytes: Uint8Array,
  sizeBytes: number,
  bounds: TimeBounds,
  columnsOf: (map: MapText) => C,
): Generator<DatBlock<C>> {
  const maps: Uint8Array[] = [];
  let [at, blocks, named] = [FIRST_BLOCK_AT, 0, 0];
  for (let raw = readBlock(bytes, at); raw !== undefined; raw = readBlock(bytes, at)) {
    const what = `The block at byte ${at}`;
    blocks += 1;
    if (blocks > MOST_BLOCKS) throw tooMany(what, "block", MOST_BLOCKS);
    const map = readMap(raw.map);
    const { times } = map;
    if (times.intervalSeconds <= 0) {
      const reason = `has an interval of ${times.intervalSeconds} s, so its times are not known`;
      throw new MillraceError("CORRUPT_INPUT", `${what} ${reason}.`);
    }
    const { rowsAt } = raw;
    if (rowsOf(times) === 0) {
      // Naming columns that have no rows would cost time; their map must be sound all the same.
      columnCount(map.resources());
      at = rowsAt;
      yield { times, columns: undefined, rowCount: 0, promisedRows: 0, rowsAt, endAt: at };
      continue;
    }
    const isNew = maps.every((known) => Buffer.compare(known, map.mapBytes) !== 0);
    if (isNew && maps.push(map.mapBytes) > MOST_MAPS) throw tooMany(what, "map", MOST_MAPS);
    const columns = columnsOf(map);
    if (isNew) named += columns.columnCount;
    if (named > MOST_COLUMNS) throw tooMany(what, "column", MOST_COLUMNS);
    const rowBytes = columns.columnCount * 4;
    const promisedRows = rowBytes === 0 ? 0 : rowsOf(times);
    const rowCount = Math.min(promisedRows, Math.floor((sizeBytes - rowsAt) / (rowBytes || 1)));
    if (rowCount > 0) checkTimes(what, ...timesOf(times, rowCount), bounds);
    at = rowsAt + rowCount * rowBytes;
    yield { times, columns, rowCount, promisedRows, rowsAt, endAt: at };
    if (rowCount === promisedRows) continue;
    const reason = `ends after ${rowCount} of ${promisedRows} rows`;
    throw new MillraceError("CORRUPT_INPUT", `${what} ${reason}.`);
  }
}

function tooMany(what: string, noun: string, most: number): MillraceError {
  return new MillraceError(
    "LIMIT_EXCEEDED",
    `${what} is beyond the first ${most} ${noun}s, more than a file of an array has.`,
  );
}

/** Times of the first and of the last row, Unix milliseconds. */
function timesOf(
  { startSeconds, intervalSeconds }: BlockTimes,
  rowCount: number,
): [firstMs: number, lastMs: number] {
  return [startSeconds * 1000, (startSeconds + (rowCount - 1) * intervalSeconds) * 1000];
}

/** Whole intervals only; an end at or before the start means no rows. */
function rowsOf({ startSeconds, endSeconds, intervalSeconds }: BlockTimes): number {
  return Math.max(0, Math.trunc((endSeconds - startSeconds) / intervalSeconds));
}
