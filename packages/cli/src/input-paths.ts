import { resolve } from "node:path";
import { MillraceError } from "@millrace/core";

/**
 * Inputs as absolute paths; URLs as they are.
 *
 * @throws MillraceError INVALID_OPTION for "-", and for an empty one, which would mean the whole working folder: most
 * often a variable of a script that was never set
 */
export function inputPaths(inputs: readonly string[], cwd: string): readonly string[] {
  if (inputs.includes("")) {
    throw new MillraceError(
      "INVALID_OPTION",
      "An input is empty; name an archive: a .zip, a folder, a .tgz or a .dat.",
    );
  }
  if (inputs.includes("-")) {
    throw new MillraceError(
      "INVALID_OPTION",
      'Standard input cannot be read; name a file. One that is called "-" is "./-".',
    );
  }
  return inputs.map((path) => (/^[a-z][a-z\d+.-]*:\/\//i.test(path) ? path : resolve(cwd, path)));
}
