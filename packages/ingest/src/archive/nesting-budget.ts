import { MillraceError } from "@millrace/core";
import type { ArchiveLimits } from "./limits.ts";

/** Below this size a high ratio harms nobody. */
const RATIO_FREE_BYTES = 8 * 1024 * 1024;

/** What the archives inside one input may still take: memory at a time, and bytes and archives in all. */
export class NestingBudget {
  readonly #limits: ArchiveLimits;
  readonly #mostBytes: number;
  /** Where an archive goes that takes more memory than is left; undefined: nowhere. */
  readonly spillFolder: string | undefined;
  #heldBytes = 0;
  #unpackedBytes = 0;
  #archives = 0;
  #members = 0;

  constructor(limits: ArchiveLimits, inputBytes: number, spillFolder?: string) {
    this.#limits = limits;
    this.spillFolder = spillFolder;
    // An archive that lists one part many times is small and unpacks without end.
    this.#mostBytes = Math.max(RATIO_FREE_BYTES, limits.nestedBytes, inputBytes * limits.ratio);
  }

  /** Bytes of memory that are left. */
  get freeBytes(): number {
    return this.#limits.nestedBytes - this.#heldBytes;
  }

  /**
   * Takes the memory for one archive.
   *
   * @returns gives it back
   * @throws MillraceError LIMIT_EXCEEDED naming the limit
   */
  reserve(name: string, unpackedBytes: number, packedBytes: number): () => void {
    const { nestedBytes } = this.#limits;
    const bytes = Math.max(unpackedBytes, packedBytes);
    if (bytes > this.freeBytes) {
      throw exceeded(
        `${name} takes ${bytes} bytes of memory and ${this.freeBytes} of ${nestedBytes} are free; give a folder to spill to (--spill-dir), or`,
        "nestedBytes",
      );
    }
    this.admit(name, unpackedBytes, packedBytes);
    this.#heldBytes += bytes;
    let held = true;
    return () => {
      if (held) this.#heldBytes -= bytes;
      held = false;
    };
  }

  /**
   * Counts an archive that is unpacked, wherever it is kept.
   *
   * @throws MillraceError LIMIT_EXCEEDED when it grows by more than a ratio that is honest
   */
  admit(name: string, unpackedBytes: number, packedBytes: number): void {
    const { ratio } = this.#limits;
    if (unpackedBytes > Math.max(RATIO_FREE_BYTES, packedBytes * ratio)) {
      throw exceeded(
        `${name} unpacks from ${packedBytes} to ${unpackedBytes} bytes, by more than ${ratio}`,
        "ratio",
      );
    }
    this.unpack(name, unpackedBytes);
  }

  /**
   * Counts bytes that are unpacked and not kept.
   *
   * @throws MillraceError LIMIT_EXCEEDED when an input unpacks to more than its size allows
   */
  unpack(name: string, bytes: number): void {
    this.#unpackedBytes += bytes;
    if (this.#unpackedBytes <= this.#mostBytes) return;
    throw exceeded(
      `${name}: the archives inside this input unpack to more than ${this.#mostBytes} bytes`,
      "ratio",
    );
  }

  /**
   * Counts an archive inside the input.
   *
   * @param depth - 1 for an archive inside the input itself
   * @throws MillraceError LIMIT_EXCEEDED when it lies too deep, or is one too many
   */
  enter(name: string, depth: number): void {
    const { nestedDepth, nestedArchives } = this.#limits;
    if (depth > nestedDepth) {
      throw exceeded(`${name} lies more than ${nestedDepth} archives deep`, "nestedDepth");
    }
    this.#archives += 1;
    if (this.#archives > nestedArchives) {
      throw exceeded(`${name} is beyond the first ${nestedArchives} archives`, "nestedArchives");
    }
  }

  /** Counts the files of an archive inside the input. */
  count(name: string, members: number): void {
    this.#members += members;
    if (this.#members <= this.#limits.members) return;
    throw exceeded(
      `${name}: the archives inside this input list more than ${this.#limits.members} files`,
      "members",
    );
  }
}

function exceeded(what: string, limit: keyof ArchiveLimits): MillraceError {
  return new MillraceError(
    "LIMIT_EXCEEDED",
    `${what}${what.endsWith(" or") ? "" : ";"} raise the limit "${limit}" if that is right.`,
  );
}
