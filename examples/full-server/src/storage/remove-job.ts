import type { ObjectStore } from "@millrace/core/objects";
import { forgetCheckpoint } from "./load/load-into-database.ts";
import { loadPayload } from "./load/load-job.ts";
import { resultKey } from "./load/run-load.ts";
import type { StorageServices } from "./services.ts";

/**
 * Removes a finished job with everything that belongs to it; what it loaded stays in the database.
 *
 * @throws MillraceError NOT_FOUND when there is no such job; INVALID_OPTION while it runs
 */
export async function removeJob(id: string, services: StorageServices): Promise<void> {
  const { queue, objects } = services;
  const { payload } = await queue.change(id, "remove");
  await objects.delete(loadPayload.parse(payload).key);
  await objects.delete(resultKey(id));
  await forgetCheckpoint(id, services);
  await removeOutputs(id, objects);
}

/** Deletes the files that a job made. */
export async function removeOutputs(id: string, objects: ObjectStore): Promise<number> {
  let count = 0;
  for (;;) {
    const { objects: found } = await objects.list({ prefix: `outputs/${id}/` });
    if (found.length === 0) return count;
    for (const { key } of found) await objects.delete(key);
    count += found.length;
  }
}
