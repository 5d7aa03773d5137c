import type { FileHandle } from "node:fs/promises";

/**
 * Bytes of an open file, in memory of their own; fewer where the file ends before.
 *
 * @param sizeBytes - what the file is taken to have: files of the kernel say that they are empty, and then wait or go
 * on for ever
 */
export async function readAt(
  file: FileHandle,
  offset: number,
  length: number,
  sizeBytes: number,
): Promise<Buffer<ArrayBuffer>> {
  const bytes = Buffer.allocUnsafeSlow(Math.max(0, Math.min(length, sizeBytes - offset)));
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}
