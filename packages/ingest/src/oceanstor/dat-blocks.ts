import { MillraceError } from "@millrace/core";
import { type BlockTimes, type MapText, readMap } from "./block-map.ts";
import { FIRST_BLOCK_AT, readBlock } from "./dat-file.ts";
import { checkTimes, type TimeBounds } from "./plausible-times.ts";

/** A block and where its rows lie. */
export interface DatBlock<C> {
  readonly times: BlockTimes;
  readonly columns: C;
  /** Complete rows in the file; 0 where the block has no columns. */
  readonly rowCount: number;
  /** Rows that its times promise. */
  readonly promisedRows: number;
  readonly rowsAt: number;
  readonly endAt: number;
}

/**
 * The blocks of a `.dat` from the first one on. What cannot be read ends it with an error, behind the
 * blocks before: nothing behind damage can be trusted, since only a sound block says where it ends.
 *
 * @param bytes - the file, or its beginning; then whoever walks must stop at a block that does not end it
 * @param sizeBytes - size of the whole file
 * @param columnsOf - what the columns under a map are
 * @throws MillraceError CORRUPT_INPUT saying what is damaged, with its offset
 */
export function* datBlocks<C extends { readonly columnCount: number }>(
  bytes: Uint8Array,
  sizeBytes: number,
  bounds: TimeBounds,
  columnsOf: (map: MapText) => C,
): Generator<DatBlock<C>> {
  let at = FIRST_BLOCK_AT;
  for (let raw = readBlock(bytes, at); raw !== undefined; raw = readBlock(bytes, at)) {
    const what = `The block at byte ${at}`;
    const map = readMap(raw.map);
    const { times } = map;
    if (times.intervalSeconds <= 0) {
      const reason = `has an interval of ${times.intervalSeconds} s, so its times are not known`;
      throw new MillraceError("CORRUPT_INPUT", `${what} ${reason}.`);
    }
    const columns = columnsOf(map);
    const { rowsAt } = raw;
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
