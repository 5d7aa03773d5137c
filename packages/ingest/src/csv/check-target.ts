import { access, constants, lstat, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { MillraceError } from "@millrace/core";

/**
 * Checks that a sink can write the file `path`, before any work is done for it.
 *
 * @param sink - name of the sink, for messages
 * @throws MillraceError NOT_FOUND when its folder is missing
 * @throws MillraceError INVALID_OPTION when `path` is a folder, a device, a link or the like, or its
 *   folder cannot be written to
 */
export async function checkTarget(sink: string, path: string): Promise<void> {
  await checkFolder(sink, "path", dirname(path));
  const there = await lstat(path).catch(() => undefined);
  if (there === undefined || there.isFile()) return;
  const problem = there.isDirectory()
    ? `is a folder; name a file in it, such as ${join(path, `millrace-${sink}`)}`
    : there.isSymbolicLink()
      ? "is a link; name the file itself"
      : "is no ordinary file; name another file to write";
  throw new MillraceError("INVALID_OPTION", `${sink}: path ${path} ${problem}.`, {
    details: { path },
  });
}

/**
 * Checks that files can be made in a folder.
 *
 * @param option - the option that named it, for messages
 * @throws MillraceError NOT_FOUND when it is missing
 * @throws MillraceError INVALID_OPTION when it is no folder, or cannot be written to
 */
export async function checkFolder(sink: string, option: string, folder: string): Promise<void> {
  const there = await stat(folder).catch(() => undefined);
  if (there === undefined) {
    throw new MillraceError(
      "NOT_FOUND",
      `${sink}: there is no folder ${folder}; create it or change ${option}.`,
      { details: { folder } },
    );
  }
  if (!there.isDirectory()) {
    throw new MillraceError(
      "INVALID_OPTION",
      `${sink}: ${basename(folder)} in ${dirname(folder)} is no folder; change ${option}.`,
      { details: { folder } },
    );
  }
  await access(folder, constants.W_OK | constants.X_OK).catch((cause: unknown) => {
    throw new MillraceError(
      "INVALID_OPTION",
      `${sink}: the folder ${folder} cannot be written to; change its permissions or ${option}.`,
      { cause, details: { folder } },
    );
  });
}
