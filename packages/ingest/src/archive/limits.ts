import { MillraceError } from "@millrace/core";

/** Bounds that keep a hostile or broken archive from taking the machine. */
export interface ArchiveLimits {
  /** Largest member as stored in its container, after the container's own compression. @defaultValue 256 MiB */
  readonly packedBytes: number;
  /** Largest member after unpacking. @defaultValue 512 MiB */
  readonly unpackedBytes: number;
  /** Most members of one container. @defaultValue 1,000,000 */
  readonly members: number;
  /** Most files inside one packed member, folders and links counted. @defaultValue 1,000 */
  readonly documents: number;
  /**
   * Highest ratio of unpacked to packed bytes of a member above 8 MiB; real performance files reach
   * about 10, deflate's own maximum is 1,032. @defaultValue 250
   */
  readonly ratio: number;
  /**
   * Most memory for archives inside an archive: deflated zips in a zip, whatever lies in a 7z, and an
   * answer of a web server that cannot send parts. Stored zips in a zip take none. @defaultValue 256 MiB
   */
  readonly nestedBytes: number;
  /** Archives within one another below an input. @defaultValue 3 */
  readonly nestedDepth: number;
  /** Most archives inside one input. @defaultValue 10,000 */
  readonly nestedArchives: number;
  /**
   * Largest 7z: it lies in memory as it is while it is read. More than about 1.5 GiB do not fit into the
   * decoder's own memory, whatever this says. @defaultValue 1 GiB
   */
  readonly sevenZipBytes: number;
}

const MIB = 1024 * 1024;
/** Below this size a high ratio harms nobody: a file of zeros is honest. */
const RATIO_FREE_BYTES = 8 * MIB;

const DEFAULTS: ArchiveLimits = {
  packedBytes: 256 * MIB,
  unpackedBytes: 512 * MIB,
  members: 1_000_000,
  documents: 1_000,
  ratio: 250,
  nestedBytes: 256 * MIB,
  nestedDepth: 3,
  nestedArchives: 10_000,
  sevenZipBytes: 1024 * MIB,
};

/**
 * Fills up the given limits with the defaults.
 *
 * @throws MillraceError INVALID_OPTION when a limit is no number above 0, or there is none of its name
 */
export function archiveLimits(given: Partial<ArchiveLimits> = {}): ArchiveLimits {
  const limits = { ...DEFAULTS, ...given };
  for (const [name, value] of Object.entries(limits)) {
    if (!Object.hasOwn(DEFAULTS, name)) {
      const names = Object.keys(DEFAULTS).join(", ");
      throw new MillraceError("INVALID_OPTION", `There is no limit "${name}"; there are ${names}.`);
    }
    if (typeof value === "number" && value > 0) continue;
    throw new MillraceError("INVALID_OPTION", `Limit ${name} is ${value}; give a number above 0.`);
  }
  return limits;
}

/** The most bytes that `packedBytes` bytes may unpack to. */
export function unpackedCap(limits: ArchiveLimits, packedBytes: number): number {
  return Math.min(limits.unpackedBytes, Math.max(RATIO_FREE_BYTES, packedBytes * limits.ratio));
}
