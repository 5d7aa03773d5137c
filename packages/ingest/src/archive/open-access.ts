import { basename } from "node:path";
import { MillraceError } from "@millrace/core";
import type { Container } from "./container.ts";
import type { ArchiveLimits } from "./limits.ts";
import type { RandomAccess } from "./random-access.ts";
import { openSevenZip, SEVEN_ZIP_MAGIC } from "./seven-zip-container.ts";
import { openZip } from "./zip-container.ts";

/**
 * Opens bytes as what they are: a zip, a 7z, or one period file. They are closed with the container, or
 * when that fails.
 *
 * @param path - says by its ending what the bytes are meant to be. @defaultValue the name of the bytes
 * @throws MillraceError UNSUPPORTED, CORRUPT_INPUT, MISSING_DEPENDENCY or LIMIT_EXCEEDED
 */
export async function openAccess(
  access: RandomAccess,
  limits: ArchiveLimits,
  path: string = access.name,
): Promise<Container> {
  const { name } = access;
  try {
    const magic = (await access.read(0, SEVEN_ZIP_MAGIC.length)).toString("latin1");
    if (magic.startsWith("PK")) return await openZip(access, limits);
    if (magic === SEVEN_ZIP_MAGIC) return await openSevenZip(access, limits);
    const [, ending] = /\.(zip|7z)$/i.exec(path) ?? [];
    if (ending !== undefined) {
      throw new MillraceError("CORRUPT_INPUT", `${name} is called .${ending} but is none.`);
    }
    if (/\.(tgz|tar\.gz|dat)$/i.test(path)) return singleFile(access, basename(path));
    throw new MillraceError(
      "UNSUPPORTED",
      `${name} is no archive that is known here; give a .zip, a .7z, a folder, a .tgz or a .dat.`,
    );
  } catch (error) {
    await access.close();
    throw error;
  }
}

function singleFile(access: RandomAccess, path: string): Container {
  const { name, sizeBytes } = access;
  const read = async ({ packedBytes }: ArchiveLimits): Promise<Uint8Array> => {
    if (sizeBytes > packedBytes) {
      throw new MillraceError(
        "LIMIT_EXCEEDED",
        `${name} has ${sizeBytes} bytes, more than the limit of ${packedBytes} ("packedBytes").`,
      );
    }
    return await access.read(0, sizeBytes);
  };
  return {
    name,
    sizeBytes,
    entries: [{ path, storedBytes: sizeBytes, read }],
    nested: [],
    single: true,
    [Symbol.asyncDispose]: () => access.close(),
  };
}
