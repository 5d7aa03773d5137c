import type { ArchiveLimits } from "./limits.ts";
import type { NestingBudget } from "./nesting-budget.ts";
import type { RandomAccess } from "./random-access.ts";

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
  /** Why it is left out on purpose, one sentence. @defaultValue it is not */
  readonly leftOut?: string;
  /** Opens the file as an archive of its own; absent where a container lists those under `nested`. */
  openNested?(name: string, budget: NestingBudget): Promise<RandomAccess>;
}

/** An opened zip, 7z, folder, S3 prefix or single file. */
export interface Container extends AsyncDisposable {
  /** What messages call it: its path. */
  readonly name: string;
  /** Size of the whole, for progress. */
  readonly sizeBytes: number;
  /** Its files, in no particular order. */
  readonly entries: readonly ContainerEntry[];
  /** Containers found inside that stand on their own: the zips of a folder. */
  readonly nested: readonly string[];
  /** True for one file by itself, whose name is the container's. @defaultValue false */
  readonly single?: boolean;
  /** What an operator should know of how it is read. @defaultValue none */
  readonly warnings?: readonly string[];
  /**
   * The files of a container that can only be read from its beginning to its end, in its own order;
   * `entries` is empty then. An entry can be read until the next one is asked for.
   */
  forward?(): AsyncGenerator<ContainerEntry>;
}

/** The name under which a file of a container appears in events and reports. */
export function originName(container: Container, entry: ContainerEntry): string {
  return container.single === true ? container.name : `${container.name}!${entry.path}`;
}
