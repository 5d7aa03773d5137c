import { createHash } from "node:crypto";
import { mkdir, readFile, rename, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MillraceError } from "@millrace/core";
import type { ByteSource } from "../bytes/byte-source.ts";
import { decodeIndex, encodeIndex, type PortableIndex } from "./index-bytes.ts";
import type { VideoIndex } from "./video-index.ts";

/** Where the index of one track of one source is kept. */
export interface IndexKeeper {
  /** What is kept; undefined where there is nothing, or nothing that can be used. */
  load(): Promise<{ readonly index: VideoIndex; readonly warnings: readonly string[] } | undefined>;
  /** Keeps an index, in the background: a folder that cannot be written costs the next opening, and no frame. */
  save(index: VideoIndex, warnings?: readonly string[]): void;
}

/** Bytes at each end of a source that tell it from others of its size. */
const SAMPLE = 256 * 1024;

/**
 * What tells the bytes of a source from others: its size and the SHA-256 of its first and last 256 KiB. A file that is
 * replaced by another one of the same size which differs only in between is not noticed.
 */
export async function fingerprintOf(source: ByteSource, signal?: AbortSignal): Promise<string> {
  const { sizeBytes } = source;
  const options = signal ? { signal } : {};
  const tail = Math.max(SAMPLE, sizeBytes - SAMPLE);
  const [first, last] = await Promise.all([
    source.read(0, SAMPLE, options),
    source.read(tail, SAMPLE, options),
  ]);
  const hash = createHash("sha256").update(String(sizeBytes)).update(first).update(last);
  return hash.digest("hex");
}

/** Opens the keeper of a track in a folder, which is made when something is kept. */
export async function indexKeeper(
  folder: string,
  source: ByteSource,
  track: number,
  signal?: AbortSignal,
): Promise<IndexKeeper> {
  const fingerprint = await fingerprintOf(source, signal);
  const path = join(folder, `${fingerprint.slice(0, 32)}-${track}.mrvx`);
  let known: readonly string[] = [];
  let newest: PortableIndex | undefined;
  let writing: Promise<void> = Promise.resolve();
  const write = async (bytes: Uint8Array): Promise<void> => {
    const draft = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}.draft`;
    try {
      await mkdir(folder, { recursive: true });
      await writeFile(draft, bytes);
      // Whole or not at all, whoever reads it meanwhile.
      await rename(draft, path);
    } catch {
      await unlink(draft).catch(() => {});
    }
  };
  const writeNewest = async (): Promise<void> => {
    if (newest === undefined) return;
    const bytes = encodeIndex(newest);
    newest = undefined;
    await write(bytes);
  };
  return {
    async load() {
      const bytes = await readFile(path).catch(() => undefined);
      if (bytes === undefined) return undefined;
      try {
        const kept = decodeIndex(bytes);
        known = kept.warnings;
        return kept.fingerprint === fingerprint ? kept : undefined;
      } catch (error) {
        // Another version's, or damaged: it is made again.
        if (MillraceError.is(error) || error instanceof SyntaxError) return undefined;
        throw error;
      }
    },
    save(index, warnings = known) {
      const isWaiting = newest !== undefined;
      newest = { index, warnings, fingerprint };
      // A video without true key frames changes its index with every look: only the newest one is written.
      if (!isWaiting) writing = writing.then(writeNewest);
    },
  };
}
