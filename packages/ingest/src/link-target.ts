import { readlink, realpath } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/** As many as Linux follows. */
const MOST_LINKS = 40;

/** Where a link leads in the end, whether or not anything is there; undefined for what is no link. */
export async function linkTarget(path: string): Promise<string | undefined> {
  let target: string | undefined;
  for (let links = 0; links < MOST_LINKS; links++) {
    const next = await nextTarget(target ?? path);
    if (next === undefined) break;
    target = next;
  }
  return target;
}

async function nextTarget(path: string): Promise<string | undefined> {
  try {
    const target = await readlink(path);
    // A link says its target relative to the folder in which it really lies.
    return resolve(await realpath(dirname(path)), target);
  } catch {
    return undefined;
  }
}
