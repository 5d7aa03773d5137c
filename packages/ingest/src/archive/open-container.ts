import type { Container } from "./container.ts";
import { notOrdinary, openFileAccess } from "./file-access.ts";
import { openFile } from "./file-container.ts";
import { findFile } from "./find-input.ts";
import { openFolder } from "./folder-container.ts";
import type { ArchiveLimits } from "./limits.ts";
import { openAccess } from "./open-access.ts";
import { openRemote, type RemoteOptions } from "./open-remote.ts";
import { isRemote } from "./remote-input.ts";

/**
 * Opens an archive, a folder, a single file, a URL or a prefix in S3, whichever the input is.
 *
 * @throws MillraceError NOT_FOUND, UNSUPPORTED, CORRUPT_INPUT, MISSING_DEPENDENCY, REMOTE_FAILED or
 * LIMIT_EXCEEDED
 */
export async function openContainer(
  input: string,
  limits: ArchiveLimits,
  remote: RemoteOptions = {},
  signal?: AbortSignal,
): Promise<Container> {
  if (isRemote(input)) return await openRemote(input, limits, remote, signal);
  const stats = await findFile(input);
  if (stats.isDirectory()) return await openFolder(input, limits);
  if (!stats.isFile()) throw notOrdinary(input);
  const container = await openAccess(await openFileAccess(input), limits);
  if (container.single !== true) return container;
  await container[Symbol.asyncDispose]();
  // A single file may be growing, so its size is asked again when it is read.
  return await openFile(input);
}
