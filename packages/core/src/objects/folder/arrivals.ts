import { randomUUID } from "node:crypto";
import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { isProcessAlive, type ProcessIdentity, thisProcess } from "../../process-identity.ts";

const FOLDER = ".arriving";
const OWNER = "owner.json";
/** What nobody has written to for so long is left over, even where its process cannot be asked. */
const STALE_MS = 24 * 60 * 60 * 1_000;

/** The place where objects are written before they are complete; each opened store has a folder of its own. */
export interface Arrivals {
  /** A new file, which nobody else writes to. */
  create(): Promise<{ readonly path: string; readonly file: FileHandle }>;
  /** Removes the folder, and what is still in it. */
  remove(): Promise<void>;
}

/** Makes a folder for arrivals in the store, and removes those of processes that have died. */
export async function openArrivals(root: string): Promise<Arrivals> {
  const parent = join(root, FOLDER);
  await mkdir(parent, { recursive: true });
  for (const name of await readdir(parent)) {
    const folder = join(parent, name);
    if (await isLeftOver(folder)) await rm(folder, { recursive: true, force: true });
  }
  const mine = join(parent, randomUUID());
  await mkdir(mine);
  await writeFile(join(mine, OWNER), JSON.stringify(await thisProcess()));
  return {
    async create() {
      const path = join(mine, randomUUID());
      return { path, file: await open(path, "wx", 0o600) };
    },
    remove: () => rm(mine, { recursive: true, force: true }),
  };
}

async function isLeftOver(folder: string): Promise<boolean> {
  const owner = await ownerOf(folder);
  if (owner !== undefined && !(await isProcessAlive(owner))) return true;
  const names = await readdir(folder).catch(() => []);
  const paths = [folder, ...names.map((name) => join(folder, name))];
  const times = await Promise.all(
    paths.map((path) =>
      stat(path).then(
        ({ mtimeMs }) => mtimeMs,
        // Gone meanwhile: whoever removed it is at work.
        () => Date.now(),
      ),
    ),
  );
  return Date.now() - Math.max(...times) > STALE_MS;
}

async function ownerOf(folder: string): Promise<ProcessIdentity | undefined> {
  try {
    const owner: unknown = JSON.parse(await readFile(join(folder, OWNER), "utf8"));
    const isOwner = typeof owner === "object" && owner !== null && "pid" in owner;
    return isOwner ? (owner as ProcessIdentity) : undefined;
  } catch {
    // Being made right now, or torn: its age decides.
    return undefined;
  }
}
