import type { JobWorker } from "@millrace/core/jobs";
import { breakLocks } from "./load/load-into-database.ts";
import { runLoad } from "./load/run-load.ts";
import type { StorageServices } from "./services.ts";

/** How long a stop waits for loads to put their checkpoints in order. */
const STOP_MS = 20_000;

/** Carries out loads until it is disposed of; those that run then wait again, and go on from their checkpoints. */
export async function startLoadWorker(services: StorageServices): Promise<JobWorker> {
  const { concurrency, queueUrl } = services.settings;
  // An embedded queue belongs to one process, so nobody else is at work.
  if (queueUrl === undefined) await breakLocks(services);
  return await services.queue.work((job, context) => runLoad(job, context, services), {
    concurrency,
    stopMs: STOP_MS,
  });
}
