import { readFile } from "node:fs/promises";
import { hostname } from "node:os";

/** Names a process so that another one can ask whether it still lives. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  /** Distinguishes processes that were given one number in turn; null where the system does not tell. */
  readonly started: string | null;
}

/** Who this process is. */
export async function thisProcess(): Promise<ProcessIdentity> {
  return { pid: process.pid, host: hostname(), started: await processStart(process.pid) };
}

/** Whether a process lives. One of another machine cannot be asked, so it counts as alive. */
export async function isProcessAlive({ pid, host, started }: ProcessIdentity): Promise<boolean> {
  if (host !== hostname()) return true;
  // Zero would ask after the whole group of this process.
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
  const now = await processStart(pid);
  return started === null || now === null || now === started;
}

/** When a process started, in the system's own unit (field 22 of `/proc/<pid>/stat`, Linux only). */
async function processStart(pid: number): Promise<string | null> {
  try {
    const line = await readFile(`/proc/${pid}/stat`, "latin1");
    // The name, field 2, may hold anything, so the fields are counted from its closing bracket.
    return line.slice(line.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null;
  }
}
