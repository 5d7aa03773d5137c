import { randomUUID } from "node:crypto";
import { access, constants, open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { MillraceError } from "@millrace/core";

/**
 * Checks that a report can be written to `path`, before any work is done for it.
 *
 * @throws MillraceError NOT_FOUND when the folder is missing
 * @throws MillraceError INVALID_OPTION when `path` is a folder, or its folder cannot be written to
 */
export async function checkReportPath(path: string): Promise<void> {
  const folder = dirname(path);
  const there = await stat(folder).catch(() => undefined);
  if (!there?.isDirectory()) {
    throw new MillraceError(
      "NOT_FOUND",
      `htmlReport: there is no folder ${folder} for ${basename(path)}; create it or change path.`,
      { details: { path, folder } },
    );
  }
  if ((await stat(path).catch(() => undefined))?.isDirectory()) {
    throw new MillraceError(
      "INVALID_OPTION",
      `htmlReport: path ${path} is a folder; name a file in it, such as ${join(path, "report.html")}.`,
      { details: { path } },
    );
  }
  await access(folder, constants.W_OK | constants.X_OK).catch((cause: unknown) => {
    throw new MillraceError(
      "INVALID_OPTION",
      `htmlReport: the folder ${folder} cannot be written to; change its permissions or path.`,
      { cause, details: { path, folder } },
    );
  });
}

/**
 * Writes beside the file and renames: a reader sees the old file or the new one and nothing between.
 * Leaves nothing behind when it fails or `signal` fires.
 */
export async function replaceFile(
  path: string,
  content: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  const draft = join(dirname(path), `.millrace-${randomUUID()}.tmp`);
  try {
    const file = await open(draft, "wx");
    try {
      await file.writeFile(content, { signal });
      await file.sync();
    } finally {
      await file.close();
    }
    signal.throwIfAborted();
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    if (signal.aborted) throw signal.reason;
    throw error;
  }
}
