import { opendir, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { MillraceError } from "@millrace/core";
import type { Container, ContainerEntry } from "./container.ts";
import { fileEntry } from "./file-container.ts";
import type { ArchiveLimits } from "./limits.ts";

/**
 * Lists a folder with all below it. Links to folders are not followed, so that a circle cannot trap the
 * walk; links to files are.
 *
 * @throws MillraceError LIMIT_EXCEEDED when it holds more than `limits.members` files
 */
export async function openFolder(path: string, limits: ArchiveLimits): Promise<Container> {
  const entries: ContainerEntry[] = [];
  const nested: string[] = [];
  let sizeBytes = 0;
  const walk = async (folder: string): Promise<void> => {
    for await (const item of await opendir(folder)) {
      const file = join(folder, item.name);
      if (item.isDirectory()) {
        await walk(file);
        continue;
      }
      // What cannot even be asked for its size is listed all the same: reading it will say why.
      const found = await stat(file).catch(() => undefined);
      if (found !== undefined && !found.isFile()) continue;
      if (/\.(zip|7z)$/i.test(item.name)) {
        nested.push(file);
        continue;
      }
      if (entries.length >= limits.members) {
        throw new MillraceError(
          "LIMIT_EXCEEDED",
          `${path} holds more than ${limits.members} files; raise the limit "members" if that is right.`,
        );
      }
      const { size } = found ?? { size: 0 };
      sizeBytes += size;
      entries.push(fileEntry(file, relative(path, file).split(sep).join("/"), size));
    }
  };
  await walk(path);
  return {
    name: path,
    sizeBytes,
    entries,
    nested: nested.sort(),
    [Symbol.asyncDispose]: async () => {},
  };
}
