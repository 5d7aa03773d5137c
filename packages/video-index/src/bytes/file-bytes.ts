import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { MillraceError } from "@millrace/core";
import type { ByteSource } from "./byte-source.ts";

/**
 * A video in a file. Its size is that of the moment of opening.
 *
 * @throws MillraceError NOT_FOUND when there is no such file, INVALID_OPTION when it is none
 */
export async function fileBytes(path: string): Promise<ByteSource> {
  // A pipe would otherwise be waited for until somebody writes to it.
  const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
  const file = await open(path, flags).catch((cause: NodeJS.ErrnoException) => {
    const reason = cause.code === "ENOENT" ? "there is no such file" : cause.message;
    throw new MillraceError("NOT_FOUND", `${path} cannot be opened: ${reason}.`, { cause });
  });
  const stats = await file.stat();
  if (!stats.isFile()) {
    await file.close();
    throw new MillraceError("INVALID_OPTION", `${path} is not a file; name a video file.`);
  }
  const sizeBytes = stats.size;
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= file.close();
    return closing;
  };
  return {
    name: path,
    sizeBytes,
    async read(offset, length, { signal } = {}) {
      signal?.throwIfAborted();
      const wanted = Math.max(0, Math.min(length, sizeBytes - offset));
      // A buffer of its own, not of Node's shared pool: it may be transferred to a worker.
      const bytes = new Uint8Array(wanted);
      let filled = 0;
      while (filled < wanted) {
        const { bytesRead } = await file.read(bytes, filled, wanted - filled, offset + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      signal?.throwIfAborted();
      return filled === wanted ? bytes : bytes.slice(0, filled);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
