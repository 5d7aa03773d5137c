import type { Stats } from "node:fs";
import { opendir, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { MillraceError } from "@millrace/core";
import type { Container, ContainerEntry } from "./container.ts";
import { fileEntry } from "./file-container.ts";
import type { ArchiveLimits } from "./limits.ts";

/**
 * Lists a folder with all below it. Links to folders are not followed, so that a circle cannot trap the
 * walk; links to files are. A folder below that cannot be listed costs its own files: it becomes an entry
 * that cannot be read.
 *
 * @throws MillraceError LIMIT_EXCEEDED when it holds more than `limits.members` files
 * @throws MillraceError NOT_FOUND when the folder itself cannot be listed
 */
export async function openFolder(path: string, limits: ArchiveLimits): Promise<Container> {
  const entries: ContainerEntry[] = [];
  const nested: string[] = [];
  const folders = [path];
  let sizeBytes = 0;
  const nameOf = (file: string): string => relative(path, file).split(sep).join("/");
  const list = async (folder: string): Promise<void> => {
    for await (const item of await opendir(folder)) {
      const file = join(folder, item.name);
      if (item.isDirectory()) {
        folders.push(file);
        continue;
      }
      if (entries.length + nested.length >= limits.members) {
        throw new MillraceError(
          "LIMIT_EXCEEDED",
          `${path} holds more than ${limits.members} files; raise the limit "members" if that is right.`,
        );
      }
      // What cannot even be asked for its size is listed all the same: reading it will say why.
      const found: Stats | undefined = await stat(file).catch(() => undefined);
      if (found?.isDirectory()) entries.push(linkedFolder(nameOf(file)));
      else if (/\.(zip|7z)$/i.test(item.name)) nested.push(file);
      else {
        const size = found?.isFile() ? found.size : 0;
        sizeBytes += size;
        entries.push(fileEntry(file, nameOf(file), size));
      }
    }
  };
  // Not one within another: each would hold its folder open.
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    try {
      await list(folder);
    } catch (cause) {
      if (MillraceError.is(cause)) throw cause;
      const error = notListed(folder, cause);
      if (folder === path) throw error;
      entries.push(unreadable(nameOf(folder), error));
    }
  }
  return {
    name: path,
    sizeBytes,
    entries,
    nested: nested.sort(),
    [Symbol.asyncDispose]: async () => {},
  };
}

function linkedFolder(path: string): ContainerEntry {
  return {
    path,
    storedBytes: 0,
    leftOut: "A link to a folder, which is not followed; give the folder itself.",
    read: async () => new Uint8Array(0),
  };
}

function unreadable(path: string, error: MillraceError): ContainerEntry {
  const refuse = async (): Promise<never> => {
    throw error;
  };
  return { path, storedBytes: 0, read: refuse, checkName: refuse };
}

function notListed(folder: string, cause: unknown): MillraceError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const reason = code === "EACCES" ? "you have no right to" : message;
  return new MillraceError("NOT_FOUND", `The folder ${folder} cannot be listed: ${reason}.`, {
    cause,
  });
}
