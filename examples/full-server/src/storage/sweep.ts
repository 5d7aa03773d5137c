import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Job } from "@millrace/core/jobs";
import { removeJob } from "./remove-job.ts";
import type { StorageServices } from "./services.ts";

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
  for (const prefix of ["outputs/", "results/"]) {
    for (const key of await keysBelow(prefix, services)) {
      const id = key.slice(prefix.length).split(/[/]|\.json$/)[0] ?? "";
      if (await isOrphan(id)) await objects.delete(key);
    }
  }
  for (const name of await readdir(folders.work)) {
    if (await isOrphan(name)) await rm(join(folders.work, name), { recursive: true, force: true });
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

async function keysBelow(prefix: string, { objects }: StorageServices): Promise<readonly string[]> {
  const keys: string[] = [];
  let after: string | undefined;
  do {
    const page = await objects.list({ prefix, ...(after === undefined ? {} : { after }) });
    keys.push(...page.objects.map(({ key }) => key));
    after = page.next;
  } while (after !== undefined);
  return keys;
}
