import { constants } from "node:fs";
import { copyFile, link, mkdir, open, rm, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";

/** What a link is refused with by another device, or by a file system that has none. */
const CANNOT_LINK: ReadonlySet<unknown> = new Set(["EXDEV", "EPERM", "ENOTSUP", "EMLINK"]);

/**
 * Moves a file to where a person finds it, with the reason beside it in `….reason.txt`. What lies there under the same
 * name stays, and the other gets a number. The reason comes first, so that a crash leaves no file without one.
 *
 * @returns where it is now
 */
export async function putAside(path: string, target: string, reason: string): Promise<string> {
  await mkdir(dirname(target), { recursive: true });
  for (let count = 1; ; count++) {
    const wanted = numbered(target, count);
    const why = `${wanted}.reason.txt`;
    try {
      await writeFile(why, `${reason}\n`, { flag: "wx" });
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
      continue;
    }
    try {
      await moveNew(path, wanted);
      return wanted;
    } catch (error) {
      await rm(why, { force: true });
      if (codeOf(error) !== "EEXIST") throw error;
    }
  }
}

/** Moves a file to a name that is free, also to another device; a rename would replace what is there. */
export async function moveNew(path: string, target: string): Promise<void> {
  try {
    await link(path, target);
  } catch (error) {
    if (!CANNOT_LINK.has(codeOf(error))) throw error;
    await copyFile(path, target, constants.COPYFILE_EXCL);
    await using file = await open(target, "r+");
    await file.sync();
  }
  await rm(path);
}

function numbered(path: string, count: number): string {
  if (count === 1) return path;
  const ending = extname(path);
  return join(dirname(path), `${basename(path, ending)}-${count}${ending}`);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
