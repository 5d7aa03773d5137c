import type { MillraceError } from "@millrace/core";

/** One packed period file, read whole; the consumer owns the bytes. */
export interface ArchiveMember {
  /** How events and reports name it: `archive.zip!2025-10-20/PerfData_….tgz`. */
  readonly origin: string;
  /** Path inside its container. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** A member that could not be read; it travels in its place, so that the order of outcomes is kept. */
export interface UnreadableMember {
  readonly origin: string;
  readonly path: string;
  readonly error: MillraceError;
}
