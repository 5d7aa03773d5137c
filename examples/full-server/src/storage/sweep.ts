import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Job } from "@millrace/core/jobs";
import type { StoredObject } from "@millrace/core/objects";
import { removeJob } from "./remove-job.ts";
import type { StorageServices } from "./services.ts";

/** An upload has no job yet while it is looked into. */
const ORPHAN_MS = 86_400_000;
const FINISHED = ["done", "failed", "cancelled"] as const;

/** Removes finished jobs that are older than the settings keep them, and what belongs to jobs that are no more. */
export async function sweep(services: StorageServices, nowMs: number): Promise<void> {
  const { queue, objects, settings, folders } = services;
  for (const job of await finishedJobs(services)) {
    if (nowMs - (job.finishedMs ?? nowMs) < settings.keepJobsMs) continue;
    await removeJob(job.id, services).catch(() => {
      // Somebody else removed it, or tries it again.
    });
  }
  const isOrphan = async (id: string): Promise<boolean> => (await queue.get(id)) === undefined;
  for (const prefix of ["outputs/", "results/", "uploads/"]) {
    for (const { key, modifiedMs } of await objectsBelow(prefix, services)) {
      const id = key.slice(prefix.length).split(/[/]|\.json$/)[0] ?? "";
      const isNew = nowMs - (modifiedMs ?? nowMs) < ORPHAN_MS;
      if (!isNew && (await isOrphan(id))) await objects.delete(key);
    }
  }
  for (const folder of [folders.work, folders.checkpoints]) {
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      const found = await stat(path).catch(() => undefined);
      if (found === undefined || nowMs - found.mtimeMs < ORPHAN_MS) continue;
      const id = name.split(".")[0] ?? "";
      if (await isOrphan(id)) await rm(path, { recursive: true, force: true });
    }
  }
}

async function finishedJobs({ queue }: StorageServices): Promise<readonly Job[]> {
  const all: Job[] = [];
  let cursor: string | undefined;
  do {
    const page = await queue.list({
      states: FINISHED,
      limit: 1_000,
      ...(cursor === undefined ? {} : { cursor }),
    });
    all.push(...page.jobs);
    cursor = page.next;
  } while (cursor !== undefined);
  return all;
}

async function objectsBelow(
  prefix: string,
  { objects }: StorageServices,
): Promise<readonly StoredObject[]> {
  const found: StoredObject[] = [];
  let after: string | undefined;
  do {
    const page = await objects.list({ prefix, ...(after === undefined ? {} : { after }) });
    found.push(...page.objects);
    after = page.next;
  } while (after !== undefined);
  return found;
}
