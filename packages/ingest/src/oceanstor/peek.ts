import { type BlockMap, parseBlockMap } from "./block-map.ts";
import { FIRST_BLOCK_AT, readBlock, readHeader } from "./dat-file.ts";
import { type FileOwner, fileOwner } from "./file-owner.ts";

/** What the beginning of a `.dat` tells. */
export interface DatPeek extends FileOwner, BlockMap {}

/**
 * Reads the header and the first map of a `.dat` from its beginning.
 *
 * @param bytes - the beginning; must hold the first map whole
 * @throws MillraceError CORRUPT_INPUT when it does not
 */
export function peekDat(bytes: Uint8Array, memberPath: string, path: string): DatPeek {
  const owner = fileOwner(readHeader(bytes), memberPath, path);
  const block = readBlock(bytes, FIRST_BLOCK_AT);
  return { ...owner, ...parseBlockMap(Buffer.from(block?.map ?? []).toString("utf8")) };
}
