import { open } from "node:fs/promises";
import { MillraceError } from "@millrace/core";
import type { Container } from "./container.ts";
import { openFile } from "./file-container.ts";
import { findInput } from "./find-input.ts";
import { openFolder } from "./folder-container.ts";
import type { ArchiveLimits } from "./limits.ts";
import { openZip } from "./zip-container.ts";

/**
 * Opens a zip, a folder or a single file, whichever the path is.
 *
 * @throws MillraceError NOT_FOUND, UNSUPPORTED, CORRUPT_INPUT or LIMIT_EXCEEDED
 */
export async function openContainer(path: string, limits: ArchiveLimits): Promise<Container> {
  const stats = await findInput(path);
  if (stats.isDirectory()) return await openFolder(path, limits);
  // Reading a pipe, a socket or a device could wait for ever or never end.
  if (!stats.isFile()) {
    throw new MillraceError("UNSUPPORTED", `${path} is neither a file nor a folder.`);
  }
  const magic = await firstBytes(path, 6);
  if (magic.subarray(0, 2).toString("latin1") === "PK") return await openZip(path, limits);
  if (/\.zip$/i.test(path)) {
    throw new MillraceError("CORRUPT_INPUT", `${path} is called .zip but is none.`);
  }
  if (magic.toString("latin1") === "7z\xbc\xaf\x27\x1c") {
    throw new MillraceError(
      "UNSUPPORTED",
      `${path} is a 7z archive, which is not read yet; unpack it and give the folder.`,
    );
  }
  if (/\.(tgz|tar\.gz|dat)$/i.test(path)) return await openFile(path);
  throw new MillraceError(
    "UNSUPPORTED",
    `${path} is no archive that is known here; give a .zip, a folder, a .tgz or a .dat.`,
  );
}

async function firstBytes(path: string, count: number): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(count), 0, count, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
