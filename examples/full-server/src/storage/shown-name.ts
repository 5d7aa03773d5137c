import { MillraceError } from "@millrace/core";
import { hideFolder } from "../hide-folder.ts";

/** Says where an archive lies here and what its giver calls it. */
export interface ShownArchive {
  readonly path: string;
  readonly name: string;
  readonly dataFolder: string;
}

/** A text in the words of whoever gave the archive: by its name, and without paths of this machine. */
export function shownText(text: string, { path, name, dataFolder }: ShownArchive): string {
  // By a function: a name may hold "$&", which would bring the path back.
  return hideFolder(
    text.replaceAll(path, () => name),
    dataFolder,
  );
}

/** The same failure in the words of whoever gave the archive. */
export function shownError(error: unknown, archive: ShownArchive): unknown {
  if (!(error instanceof Error)) return error;
  const message = shownText(error.message, archive);
  if (message === error.message) return error;
  if (!MillraceError.is(error)) return new Error(message, { cause: error });
  const { code, retryable, details, cause } = error;
  return new MillraceError(code, message, { retryable, details, cause });
}
