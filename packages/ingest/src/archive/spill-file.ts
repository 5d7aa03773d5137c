import { randomUUID } from "node:crypto";
import { mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { MillraceError } from "@millrace/core";
import type { RandomAccess } from "./random-access.ts";
import { readAt } from "./read-at.ts";

/**
 * Keeps bytes in a file that loses its name as soon as it is open, so that nothing is left of it when the process
 * ends, however it ends.
 *
 * @throws MillraceError INVALID_OPTION when the folder cannot be written to
 */
export async function spillToFile(
  name: string,
  folder: string,
  pieces: AsyncIterable<Uint8Array>,
): Promise<RandomAccess> {
  const path = join(folder, `.millrace-${randomUUID()}`);
  const file = await openNew(folder, path);
  try {
    await rm(path);
    let sizeBytes = 0;
    for await (const piece of pieces) {
      await file.write(piece);
      sizeBytes += piece.length;
    }
    return {
      name,
      sizeBytes,
      read: (offset, length) => readAt(file, offset, length, sizeBytes),
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function openNew(folder: string, path: string) {
  try {
    await mkdir(folder, { recursive: true });
    return await open(path, "wx+", 0o600);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new MillraceError("INVALID_OPTION", `Nothing can be spilled into ${folder}: ${why}.`, {
      cause,
    });
  }
}
