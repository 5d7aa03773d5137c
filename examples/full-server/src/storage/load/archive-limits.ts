import type { ArchiveLimits } from "@millrace/ingest";

const MIB = 1024 * 1024;

/**
 * Bounds of an archive that anybody may upload, below those of the command: several files are unpacked at once, and a
 * bomb must not take the server's memory. A performance file unpacks to some MiB, about ten times its packed size.
 */
export const ARCHIVE_LIMITS: Partial<ArchiveLimits> = {
  packedBytes: 64 * MIB,
  unpackedBytes: 128 * MIB,
  ratio: 100,
  members: 200_000,
};
