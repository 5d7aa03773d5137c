import { MillraceError } from "@millrace/core";
import { type BlockTimes, columnCount, type MapResource, type MapText } from "./block-map.ts";
import { datBlocks } from "./dat-blocks.ts";
import { readHeader } from "./dat-file.ts";
import { type FileOwner, fileOwner } from "./file-owner.ts";
import type { TimeBounds } from "./plausible-times.ts";

/** One block of a `.dat`, without its rows. */
export interface PeekedBlock extends BlockTimes {
  readonly resources: readonly MapResource[];
  readonly rowCount: number;
}

/** What is in a `.dat`. */
export interface DatPeek extends FileOwner {
  readonly blocks: readonly PeekedBlock[];
  /** What was damaged behind the blocks. */
  readonly problems: readonly string[];
  /** False where only the beginning was there and more follows behind its first block. */
  readonly whole: boolean;
}

/**
 * Reads header and maps of a `.dat`, and finds the damage that loading it would find.
 *
 * @param bytes - the file, or its beginning with the first map whole in it
 * @param sizeBytes - size of the whole file
 * @throws MillraceError CORRUPT_INPUT when nothing of it could be loaded
 */
export function peekDat(
  bytes: Uint8Array,
  memberPath: string,
  path: string,
  sizeBytes: number,
  bounds: TimeBounds,
): DatPeek {
  const owner = fileOwner(readHeader(bytes), memberPath, path);
  const blocks: PeekedBlock[] = [];
  const problems: string[] = [];
  let whole = true;
  try {
    for (const block of datBlocks(bytes, sizeBytes, bounds, peekColumns)) {
      const { times, columns, rowCount, promisedRows, endAt } = block;
      if (columns !== undefined && rowCount > 0) {
        blocks.push({ ...times, resources: columns.resources, rowCount });
      }
      whole = bytes.length === sizeBytes || endAt === sizeBytes || rowCount < promisedRows;
      if (!whole) break;
    }
  } catch (error) {
    if (!MillraceError.is(error) || blocks.length === 0) throw error;
    problems.push(`${path}: ${error.message}`);
  }
  return { ...owner, blocks, problems, whole };
}

function peekColumns(map: MapText): {
  readonly resources: readonly MapResource[];
  readonly columnCount: number;
} {
  const resources = map.resources();
  return { resources, columnCount: columnCount(resources) };
}
