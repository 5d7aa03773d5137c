import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { MillraceError } from "@millrace/core";
import { decodeIndex } from "@millrace/video-index";
import type { KeptVideo } from "./kept-video.ts";

/** Deletes the indexes in a folder that are of none of the videos, or of no use any more. */
export async function sweepIndexes(folder: string, videos: readonly KeptVideo[]): Promise<void> {
  const known = new Set(videos.map(({ fingerprint }) => fingerprint));
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  for (const name of names) {
    const path = join(folder, name);
    const fingerprint = fingerprintIn(await readFile(path));
    if (fingerprint === undefined || !known.has(fingerprint)) await rm(path, { force: true });
  }
}

/** Undefined where another version wrote it, or only a part. */
function fingerprintIn(bytes: Uint8Array): string | undefined {
  try {
    return decodeIndex(bytes).fingerprint;
  } catch (error) {
    if (MillraceError.is(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
