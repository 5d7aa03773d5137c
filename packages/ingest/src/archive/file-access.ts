import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { MillraceError } from "@millrace/core";
import type { RandomAccess } from "./random-access.ts";

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
    async read(offset, length) {
      // Files of the kernel say that they are empty, and then wait or go on for ever.
      const bytes = Buffer.allocUnsafeSlow(Math.max(0, Math.min(length, sizeBytes - offset)));
      let filled = 0;
      while (filled < bytes.length) {
        const { bytesRead } = await file.read(
          bytes,
          filled,
          bytes.length - filled,
          offset + filled,
        );
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return bytes.subarray(0, filled);
    },
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
