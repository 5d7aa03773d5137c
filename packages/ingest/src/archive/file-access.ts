import { open } from "node:fs/promises";
import type { RandomAccess } from "./random-access.ts";

/** A file on the disk. */
export async function openFileAccess(path: string): Promise<RandomAccess> {
  const file = await open(path);
  const { size } = await file.stat();
  let closing: Promise<void> | undefined;
  return {
    name: path,
    sizeBytes: size,
    async read(offset, length) {
      const bytes = Buffer.allocUnsafeSlow(length);
      let filled = 0;
      while (filled < length) {
        const { bytesRead } = await file.read(bytes, filled, length - filled, offset + filled);
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
