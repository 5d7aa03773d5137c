import { type BlockMap, columnCount, parseBlockMap } from "./block-map.ts";
import { FIRST_BLOCK_AT, readBlock, readHeader } from "./dat-file.ts";
import { type FileOwner, fileOwner } from "./file-owner.ts";

/** What the beginning of a `.dat` tells. */
export interface DatPeek extends FileOwner, BlockMap {
  /** Rows that the first block promises. */
  readonly rows: number;
  /** Blocks in the file, judged by its size as if all were like the first; real files have one. */
  readonly blocks: number;
}

/**
 * Reads the header and the first map of a `.dat` from its beginning.
 *
 * @param bytes - the beginning; must hold the first map whole
 * @param sizeBytes - size of the whole file
 * @throws MillraceError CORRUPT_INPUT when it does not
 */
export function peekDat(
  bytes: Uint8Array,
  memberPath: string,
  path: string,
  sizeBytes: number,
): DatPeek {
  const owner = fileOwner(readHeader(bytes), memberPath, path);
  const block = readBlock(bytes, FIRST_BLOCK_AT);
  const map = parseBlockMap(Buffer.from(block?.map ?? []).toString("utf8"));
  const { startSeconds, endSeconds, intervalSeconds, resources } = map;
  const rows = Math.max(0, Math.trunc((endSeconds - startSeconds) / intervalSeconds)) || 0;
  const headBytes = (block?.rowsAt ?? FIRST_BLOCK_AT) - FIRST_BLOCK_AT;
  const blockBytes = headBytes + rows * columnCount(resources) * 4;
  const blocks = Math.max(1, Math.round((sizeBytes - FIRST_BLOCK_AT) / Math.max(1, blockBytes)));
  return { ...owner, ...map, rows, blocks: rows === 0 ? 1 : blocks };
}
