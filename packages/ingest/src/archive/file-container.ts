import { basename } from "node:path";
import { MillraceError } from "@millrace/core";
import type { Container, ContainerEntry } from "./container.ts";
import { openFileAccess } from "./file-access.ts";
import { findFile } from "./find-input.ts";

/** A file on the disk as an entry: read whole, once its size is within the limits. */
export function fileEntry(file: string, path: string, sizeBytes: number): ContainerEntry {
  return {
    path,
    storedBytes: sizeBytes,
    async read({ packedBytes }) {
      // It may be gone by now; this says so.
      await findFile(file);
      const access = await openFileAccess(file);
      try {
        // Not the size of the list: between listing and reading a file may have grown.
        const { sizeBytes: size } = access;
        if (size > packedBytes) {
          throw new MillraceError(
            "LIMIT_EXCEEDED",
            `${file} has ${size} bytes, more than the limit of ${packedBytes} ("packedBytes").`,
          );
        }
        return await access.read(0, size);
      } finally {
        await access.close();
      }
    },
  };
}

/** One period file by itself. */
export async function openFile(path: string): Promise<Container> {
  const { size } = await findFile(path);
  return {
    name: path,
    sizeBytes: size,
    entries: [fileEntry(path, basename(path), size)],
    nested: [],
    single: true,
    [Symbol.asyncDispose]: async () => {},
  };
}
