import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdir, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ZipFile } from "yazl";
import type { GeneratedArchive } from "./generate-archive.ts";
import type { GeneratedFile } from "./generated-file.ts";

/** What was written. */
export interface WrittenArchive {
  /** Size of what was written. */
  readonly bytes: number;
  readonly files: number;
  /** Samples that must be delivered from it. */
  readonly samples: number;
}

/** How a zip is written. */
export interface WriteZipOptions {
  /** Whether entries are deflated again, which gains little on `.tgz`. Default: stored. */
  readonly deflate?: boolean;
  /** Called with each file once it is in the zip. */
  readonly onFile?: (file: GeneratedFile) => void;
}

/** Writes the archive as one zip, one file in memory at a time. Replaces an existing file. */
export async function writeZip(
  archive: GeneratedArchive,
  path: string,
  options: WriteZipOptions = {},
): Promise<WrittenArchive> {
  const zip = new ZipFile();
  const written = pipeline(zip.outputStream, createWriteStream(path));
  // The feeding loop below waits for the output, so a failed output has to end it.
  const failed = written.then(() => undefined);
  failed.catch(() => undefined);
  for (const file of archive.files()) {
    await Promise.race([addEntry(zip, file, options.deflate ?? false), failed]);
    options.onFile?.(file);
  }
  zip.end();
  await written;
  const { files, samples } = archive.totals;
  return { bytes: (await stat(path)).size, files, samples };
}

/** Writes every file to its path below `directory`, which is made if needed. */
export async function writeFolder(
  archive: GeneratedArchive,
  directory: string,
): Promise<WrittenArchive> {
  let bytes = 0;
  for (const file of archive.files()) {
    const path = join(directory, file.path);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, file.bytes);
    bytes += file.bytes.length;
  }
  const { files, samples } = archive.totals;
  return { bytes, files, samples };
}

/** Writes the first file alone, to exactly `path`. */
export async function writeTgz(archive: GeneratedArchive, path: string): Promise<WrittenArchive> {
  for (const file of archive.files()) {
    await writeFile(path, file.bytes);
    return { bytes: file.bytes.length, files: 1, samples: file.samples };
  }
  throw new RangeError("the archive has no file");
}

/** Resolves when the entry has been read, so that only one file is held at a time. */
async function addEntry(zip: ZipFile, file: GeneratedFile, deflate: boolean): Promise<void> {
  // yazl keeps its closures until the end of the zip: empty the holder, or every file stays alive.
  const holder: { bytes: Uint8Array | undefined } = { bytes: file.bytes };
  const source = new Readable({
    read() {
      if (holder.bytes !== undefined && holder.bytes.length > 0) this.push(holder.bytes);
      holder.bytes = undefined;
      this.push(null);
    },
  });
  const ended = once(source, "end");
  zip.addReadStream(source, file.path, {
    mtime: new Date(file.modifiedMs),
    compress: deflate,
    ...(deflate ? {} : { size: file.bytes.length }),
  });
  await ended;
}
