import { access, constants, lstat, realpath, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, sep } from "node:path";
import { MillraceError } from "@millrace/core";

/** A file that the command is going to write, or a folder that it is going to fill. */
export interface Output {
  /** As the user knows it: `--report`. */
  readonly option: string;
  /** Absolute. */
  readonly path: string;
  /** Whether it is a folder, there already or not. @defaultValue false */
  readonly isFolder?: boolean;
}

/** Something on the disk that must stay as it is. */
interface Taken {
  readonly what: string;
  /** Without links. */
  readonly path: string;
  /** The same for all names of one file. */
  readonly identity: string | undefined;
  readonly isFolder: boolean;
}

/**
 * Checks before hours of work that what is to be written can be, and harms nothing: an output must not
 * replace or change an input, nor replace a device, a link or the other output.
 *
 * @param inputs - absolute paths that exist, and URLs
 * @throws MillraceError INVALID_OPTION naming the option of the first output that cannot be
 */
export async function checkOutputs(
  inputs: readonly string[],
  outputs: readonly Output[],
): Promise<void> {
  const taken: Taken[] = [];
  for (const input of inputs) if (isAbsolute(input)) taken.push(await takenInput(input));
  for (const output of outputs) {
    const check = output.isFolder === true ? checkOutputFolder : checkOutput;
    taken.push(await check(output, taken));
  }
}

async function takenInput(input: string): Promise<Taken> {
  const path = await realpath(input);
  const stats = await stat(path);
  return { what: "an input", path, identity: identityOf(stats), isFolder: stats.isDirectory() };
}

async function checkOutput({ option, path }: Output, taken: readonly Taken[]): Promise<Taken> {
  const refuse = refusalOf(option);
  const folder = await writableFolder(dirname(path));
  if (folder === undefined) {
    return refuse(`there is no folder ${dirname(path)} that can be written to.`);
  }
  const real = join(folder, basename(path));
  const found = await lstat(real).catch(() => undefined);
  if (found?.isDirectory()) {
    return refuse(`${path} is a folder; name a file in it, such as ${join(path, "report")}.`);
  }
  if (found !== undefined && !found.isFile()) {
    return refuse(`${path} is no ordinary file; name another file to write.`);
  }
  const identity = found === undefined ? undefined : identityOf(found);
  const same = taken.find(
    (it) => it.path === real || (identity !== undefined && it.identity === identity),
  );
  if (same !== undefined) return refuse(`${path} is ${same.what}; name another file to write.`);
  refuseInside(path, real, taken, refuse);
  if (found !== undefined && !(await isWritable(real))) {
    return refuse(`${path} cannot be written to; change its permissions or name another file.`);
  }
  return { what: `what ${option} writes`, path: real, identity, isFolder: false };
}

/** A folder may be there already, with files in it; what it gets has names of its own. */
async function checkOutputFolder(
  { option, path }: Output,
  taken: readonly Taken[],
): Promise<Taken> {
  const refuse = refusalOf(option);
  const found = await stat(path).catch(() => undefined);
  if (found !== undefined && !found.isDirectory()) {
    return refuse(`${path} is no folder; name a folder to write into.`);
  }
  const place = await writableFolder(found === undefined ? dirname(path) : path);
  if (place === undefined) {
    return found === undefined
      ? refuse(`there is no folder ${dirname(path)} that can be written to.`)
      : refuse(`${path} cannot be written to; change its permissions or name another folder.`);
  }
  const real = found === undefined ? join(place, basename(path)) : place;
  const same = taken.find((it) => it.path === real);
  if (same !== undefined) return refuse(`${path} is ${same.what}; name another folder to write.`);
  refuseInside(path, real, taken, refuse);
  const identity = found === undefined ? undefined : identityOf(found);
  // Other outputs may lie in it.
  return { what: `what ${option} writes`, path: real, identity, isFolder: false };
}

function refusalOf(option: string): (problem: string) => never {
  return (problem) => {
    throw new MillraceError("INVALID_OPTION", `${option}: ${problem}`);
  };
}

/** An input folder must not change while it is read. */
function refuseInside(
  path: string,
  real: string,
  taken: readonly Taken[],
  refuse: (problem: string) => never,
): void {
  const around = taken.find((it) => it.isFolder && real.startsWith(join(it.path, sep)));
  if (around === undefined) return;
  refuse(`${path} lies in the input ${around.path}, which it would change; name another.`);
}

/** Its path without links, or undefined where nothing can be written there. */
async function writableFolder(path: string): Promise<string | undefined> {
  const folder = await realpath(path).catch(() => undefined);
  if (folder === undefined || !(await stat(folder)).isDirectory()) return undefined;
  return (await isWritable(folder)) ? folder : undefined;
}

function isWritable(path: string): Promise<boolean> {
  return access(path, constants.W_OK).then(
    () => true,
    () => false,
  );
}

function identityOf({ dev, ino }: { readonly dev: number; readonly ino: number }): string {
  return `${dev}:${ino}`;
}
