import { randomUUID } from "node:crypto";
import { access, constants, open, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { MillraceError } from "@millrace/core";
import { linkTarget } from "../link-target.ts";

/**
 * Checks that a report can be written to `path`, before any work is done for it.
 *
 * @returns the file to write: `path` itself, or what it leads to where it is a link
 * @throws MillraceError NOT_FOUND when the folder is missing
 * @throws MillraceError INVALID_OPTION when `path` is a folder or a device, or its folder cannot be
 *   written to
 */
export async function checkReportPath(path: string): Promise<string> {
  const target = await reportTarget(path);
  const folder = dirname(target);
  const there = await stat(folder).catch(() => undefined);
  if (!there?.isDirectory()) {
    throw new MillraceError(
      "NOT_FOUND",
      `htmlReport: there is no folder ${folder} for ${basename(target)}; create it or change path.`,
      { details: { path, folder } },
    );
  }
  await access(folder, constants.W_OK | constants.X_OK).catch((cause: unknown) => {
    throw new MillraceError(
      "INVALID_OPTION",
      `htmlReport: the folder ${folder} cannot be written to; change its permissions or path.`,
      { cause, details: { path, folder } },
    );
  });
  return target;
}

/** Links are followed: renaming over one would leave an old report where it leads to. */
async function reportTarget(path: string): Promise<string> {
  const there = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== "ELOOP") return undefined;
    throw unfit(path, "is a link that leads in a circle; name a file to write");
  });
  if (there === undefined) return (await linkTarget(path)) ?? path;
  if (there.isDirectory()) {
    throw unfit(path, `is a folder; name a file in it, such as ${join(path, "report.html")}`);
  }
  // Renaming over a device or a pipe would take it away from everybody else.
  if (!there.isFile()) throw unfit(path, "is no ordinary file; name a file to write");
  return await realpath(path);
}

function unfit(path: string, what: string): MillraceError {
  const details = { path };
  return new MillraceError("INVALID_OPTION", `htmlReport: path ${path} ${what}.`, { details });
}

/**
 * Writes beside the file and renames: a reader sees the old file or the new one and nothing between.
 * Leaves nothing behind when it fails or `signal` fires.
 *
 * @throws MillraceError as {@link checkReportPath}, since the path may have changed since it was checked
 */
export async function replaceFile(
  path: string,
  content: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  const target = await checkReportPath(path);
  const draft = join(dirname(target), `.millrace-${randomUUID()}.tmp`);
  try {
    const file = await open(draft, "wx");
    try {
      await file.writeFile(content, { signal });
      await file.sync();
    } finally {
      await file.close();
    }
    signal.throwIfAborted();
    await rename(draft, target);
  } catch (error) {
    await rm(draft, { force: true });
    if (signal.aborted) throw signal.reason;
    throw error;
  }
}
