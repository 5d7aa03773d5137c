import { MillraceError } from "@millrace/core";

/** The same failure in the words of whoever gave the archive: by its name, not by where it lies here. */
export function shownError(error: unknown, path: string, name: string): unknown {
  if (!MillraceError.is(error) || !error.message.includes(path)) return error;
  const { code, retryable, details, cause } = error;
  return new MillraceError(code, error.message.replaceAll(path, name), {
    retryable,
    details,
    cause,
  });
}
