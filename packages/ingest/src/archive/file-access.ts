import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { MillraceError } from "@millrace/core";
import type { RandomAccess } from "./random-access.ts";
import { readAt } from "./read-at.ts";

/**
 * A file on the disk, up to the size that it has now.
 *
 * @throws MillraceError UNSUPPORTED for a pipe, a socket or a device, which could make the reader wait for
 * ever or never end
 */
export async function openFileAccess(path: string): Promise<RandomAccess> {
  // Opening a pipe would wait for its other end; it may have come to its place a moment ago.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  const stats = await file.stat();
  if (!stats.isFile()) {
    await file.close();
    throw notOrdinary(path);
  }
  const sizeBytes = stats.size;
  let closing: Promise<void> | undefined;
  return {
    name: path,
    sizeBytes,
    read: (offset, length) => readAt(file, offset, length, sizeBytes),
    close() {
      closing ??= file.close();
      return closing;
    },
  };
}

/** What can be at a path and is not read. */
export function notOrdinary(path: string): MillraceError {
  return new MillraceError("UNSUPPORTED", `${path} is neither a file nor a folder.`);
}
