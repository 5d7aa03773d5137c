import { randomUUID } from "node:crypto";
import { open, readFile, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { isProcessAlive, MillraceError, type ProcessIdentity, thisProcess } from "@millrace/core";

/** Who holds a lock, as the lock file says. */
interface Holder extends ProcessIdentity {
  readonly token: string;
}

/** A lock file is written right after it is made; one that stays empty longer has lost its maker. */
const WRITE_MS = 2_000;

/**
 * Holds a path for this process, by a file beside it. The lock of a process that no longer lives is
 * taken over, so a crash leaves nothing to clean up by hand.
 *
 * @throws MillraceError INVALID_OPTION when another process holds it, naming that process
 */
export async function lockFile(path: string, what: string): Promise<AsyncDisposable> {
  const lockPath = `${path}.lock`;
  const mine: Holder = { ...(await thisProcess()), token: randomUUID() };
  while (!(await created(lockPath, mine))) {
    const holder = await holderOf(lockPath);
    if (holder === "gone") continue;
    if (holder === "unknown" || (await isProcessAlive(holder))) throw inUse(what, lockPath, holder);
    await takeAway(lockPath, holder);
  }
  return {
    async [Symbol.asyncDispose]() {
      const holder = await holderOf(lockPath);
      if (typeof holder === "object" && holder.token === mine.token) {
        await rm(lockPath, { force: true });
      }
    },
  };
}

async function created(lockPath: string, holder: Holder): Promise<boolean> {
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(lockPath, "wx");
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
  try {
    await file.writeFile(JSON.stringify(holder));
    return true;
  } finally {
    await file.close();
  }
}

async function holderOf(lockPath: string): Promise<Holder | "gone" | "unknown"> {
  const deadline = Date.now() + WRITE_MS;
  while (true) {
    try {
      const holder = parseHolder(await readFile(lockPath, "utf8"));
      if (holder !== undefined) return holder;
      const { mtimeMs } = await stat(lockPath);
      if (Date.now() - mtimeMs > WRITE_MS) {
        return { pid: 0, host: hostname(), started: null, token: "" };
      }
    } catch (error) {
      if (codeOf(error) === "ENOENT") return "gone";
      throw error;
    }
    if (Date.now() > deadline) return "unknown";
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function parseHolder(text: string): Holder | undefined {
  try {
    const holder: unknown = JSON.parse(text);
    const isHolder = typeof holder === "object" && holder !== null && "token" in holder;
    return isHolder ? (holder as Holder) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Deletes a dead lock. Of several processes that found it dead, one at a time may look again and delete:
 * otherwise the second would delete what the first has put in its place.
 */
async function takeAway(lockPath: string, dead: Holder): Promise<void> {
  const turnPath = `${lockPath}.turn`;
  try {
    await (await open(turnPath, "wx")).close();
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
    await new Promise((resolve) => setTimeout(resolve, 20));
    const turn = await stat(turnPath).catch(() => undefined);
    if (turn !== undefined && Date.now() - turn.mtimeMs > WRITE_MS)
      await rm(turnPath, { force: true });
    return;
  }
  try {
    const holder = await holderOf(lockPath);
    if (typeof holder === "object" && holder.token === dead.token) await rm(lockPath);
  } finally {
    await rm(turnPath, { force: true });
  }
}

function inUse(what: string, lockPath: string, holder: Holder | "unknown"): MillraceError {
  const who = holder === "unknown" ? "another process" : `process ${holder.pid} on ${holder.host}`;
  return new MillraceError(
    "INVALID_OPTION",
    `${what} is in use by ${who}. Wait for it, or delete ${lockPath} if that process is gone for good.`,
    { details: { lockPath } },
  );
}

function codeOf(error: unknown): unknown {
  return typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
}
