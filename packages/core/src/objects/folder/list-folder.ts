import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { compareKeys } from "../object-input.ts";
import { filePiece, folderPiece } from "./key-path.ts";

/** An object's key and file. */
export interface FoundObject {
  readonly key: string;
  readonly path: string;
}

interface Entry extends FoundObject {
  readonly folder: boolean;
}

/** Which keys to walk. */
export interface KeyRange {
  readonly prefix: string;
  /** Only keys behind it. */
  readonly after: string;
}

/** The objects below a folder whose keys are in the range, in the order of their keys' bytes. */
export async function* listFolder(
  path: string,
  range: KeyRange,
  key: string = "",
): AsyncGenerator<FoundObject> {
  const entries = await entriesOf(path, key);
  entries.sort((a, b) => compareKeys(a.key, b.key));
  for (const { key: found, path: at, folder } of entries) {
    if (folder) {
      if (mayHold(found, range)) yield* listFolder(at, range, found);
    } else if (found.startsWith(range.prefix) && compareKeys(found, range.after) > 0) {
      yield { key: found, path: at };
    }
  }
}

/** Whether keys that begin with this may be in the range. */
function mayHold(start: string, { prefix, after }: KeyRange): boolean {
  const within = start.startsWith(prefix) || prefix.startsWith(start);
  return within && (after.startsWith(start) || compareKeys(start, after) > 0);
}

/** The entries of a folder in the middle of a name are its parent's own: they sort among them. */
async function entriesOf(path: string, key: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const entry of await readFolder(path)) {
    const at = join(path, entry.name);
    if (entry.isFile()) {
      const text = filePiece(entry.name);
      if (text !== undefined) entries.push({ key: key + text, path: at, folder: false });
    } else if (entry.isDirectory()) {
      const piece = folderPiece(entry.name);
      if (piece?.more) entries.push(...(await entriesOf(at, key + piece.text)));
      else if (piece !== undefined) entries.push({ key: key + piece.text, path: at, folder: true });
    }
  }
  return entries;
}

async function readFolder(path: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (error) {
    // It went with its last object.
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}
