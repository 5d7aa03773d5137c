import type { ArchiveLimits } from "./limits.ts";

/** One file in a container, as its directory describes it. */
export interface ContainerEntry {
  /** Path inside the container, with `/`; never used to touch the disk. */
  readonly path: string;
  /** Size as stored, for progress. */
  readonly storedBytes: number;
  /** Reads the file whole, checks it against its container's checksum, and never beyond the limits. */
  read(limits: ArchiveLimits): Promise<Uint8Array>;
  /**
   * Compares the names where a container holds two of them, as a zip does; `read` does so, too.
   *
   * @throws MillraceError CORRUPT_INPUT when they differ
   */
  checkName?(): Promise<void>;
}

/** An opened zip, folder or single file. */
export interface Container extends AsyncDisposable {
  /** What messages call it: its path. */
  readonly name: string;
  /** Size of the whole, for progress. */
  readonly sizeBytes: number;
  /** Its files, in no particular order. */
  readonly entries: readonly ContainerEntry[];
  /** Containers found inside that stand on their own: the zips of a folder. */
  readonly nested: readonly string[];
}

/** The name under which a file of a container appears in events and reports. */
export function originName(container: Container, entry: ContainerEntry): string {
  return container.name.endsWith(entry.path) ? container.name : `${container.name}!${entry.path}`;
}
