import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { discard, MillraceError } from "@millrace/core";
import type { JobContext } from "@millrace/core/jobs";
import { collectReport, type IngestReport, ingest } from "@millrace/ingest";
import {
  type ComparedPart,
  createLoadCheck,
  readCheckpoint,
  type VictoriaMetricsResult,
  victoriaMetrics,
} from "@millrace/vm-sink";
import type { StorageServices } from "../services.ts";
import { ARCHIVE_LIMITS } from "./archive-limits.ts";
import { followRun } from "./follow-run.ts";

/** Pause before a load goes on by itself; the database may just be starting. */
const GO_ON_AFTER_MS = 1_000;
/** Restarts of the database that a load sits out before it gives its place to another one. */
const MOST_RUNS = 5;

/** What the error of a checkpoint names that is in use; a run that was cancelled may still be letting go of it. */
const LOCK = "lockPath";

/** A load that is in the database. */
export interface DatabaseLoad {
  readonly report: IngestReport;
  /** What the database holds, part by part, against what was sent. */
  readonly compared: readonly ComparedPart[];
}

/**
 * Loads an archive, and asks the database whether it holds it. What breaks off is gone on with from the job's
 * checkpoint, by the next attempt, another worker, or right here.
 *
 * @throws MillraceError what ended the load; retryable where a later attempt may succeed
 */
export async function loadIntoDatabase(
  jobId: string,
  input: string,
  context: JobContext,
  services: StorageServices,
): Promise<DatabaseLoad> {
  const { database, folders } = services;
  const check = createLoadCheck({ ...database, by: "SN" });
  const checkpoint = { path: join(folders.checkpoints, jobId), load: jobId };
  const deadLetter = join(folders.checkpoints, `${jobId}.dead-letter.ndjson`);
  for (let runs = 1; ; runs++) {
    const loaded = await verifyLoaded(checkpoint.path, input, context, services);
    if (loaded !== undefined) return loaded;
    const sink = check.around(victoriaMetrics({ ...database, checkpoint, deadLetter }));
    const run = ingest(input, { limits: ARCHIVE_LIMITS }).to(sink, { signal: context.signal });
    const reporting = collectReport(run, { rejected: refusedBy });
    followRun(run, context);
    try {
      const { rejected } = await run.result;
      if (rejected.series > 0) {
        await context.log(
          `The database refused ${rejected.series} series; they lie in ${deadLetter}.`,
        );
      }
      const report = await reporting;
      const compared = await check.compare({ signal: context.signal });
      return { report, compared };
    } catch (error) {
      await reporting;
      context.signal.throwIfAborted();
      if (!MillraceError.is(error)) throw error;
      const isHeld = LOCK in error.details;
      if (isHeld && runs === MOST_RUNS) throw laterOn(error);
      if (!(isHeld || error.retryable) || runs === MOST_RUNS) throw error;
      if (!isHeld) await context.log(`${error.message} Going on from the checkpoint.`);
      await pause(GO_ON_AFTER_MS, undefined, { signal: context.signal });
    }
  }
}

/**
 * A load that ended before its result was kept, by a kill or because the database went while it was asked. To the sink
 * its checkpoint is that of a load to begin anew, which would bring every sample in twice; so the archive is only read
 * again and compared.
 *
 * @returns undefined where there is something to load: it did not end, or was deleted since
 */
async function verifyLoaded(
  path: string,
  input: string,
  context: JobContext,
  { database }: StorageServices,
): Promise<DatabaseLoad | undefined> {
  if ((await readCheckpoint(path))?.done !== true) return undefined;
  await context.log("The archive is loaded; asking the database whether it holds it.");
  const { signal } = context;
  const check = createLoadCheck({ ...database, by: "SN" });
  const run = ingest(input, { limits: ARCHIVE_LIMITS }).to(check.around(discard()), { signal });
  const reporting = collectReport(run);
  followRun(run, context);
  await run.result;
  const report = await reporting;
  const compared = (await check.compare({ signal })).map(withoutBefore);
  if (compared.every(({ found }) => found === 0)) return undefined;
  const { samples } = report;
  const isWhole = compared.every(({ verdict }) => verdict === "complete");
  const durable = isWhole ? samples.accepted : samples.durable;
  return { report: { ...report, samples: { ...samples, durable } }, compared };
}

/** What the database held before the comparison was the load itself. */
function withoutBefore(part: ComparedPart): ComparedPart {
  const { sent, found } = part;
  if (found === sent) return { ...part, before: 0, missing: 0, extra: 0 };
  if (found > sent) return { ...part, before: found - sent, missing: 0, verdict: "inconclusive" };
  return { ...part, before: 0, missing: sent - found, verdict: "missing" };
}

/** Forgets how far a load has come; what it wrote stays in the database. */
export async function forgetCheckpoint(jobId: string, { folders }: StorageServices): Promise<void> {
  await rm(join(folders.checkpoints, jobId), { force: true });
  await rm(join(folders.checkpoints, `${jobId}.dead-letter.ndjson`), { force: true });
}

/** Whoever holds it ends some time, or a person deletes its lock; either way nothing has to be uploaded again. */
function laterOn({ code, message, details, cause }: MillraceError): MillraceError {
  return new MillraceError(code, message, { details, cause, retryable: true });
}

/**
 * Removes locks that a crash left, for the only process that carries out loads of this folder. Whether another machine
 * holds one cannot be asked, and a container that is made anew is another machine.
 */
export async function breakLocks({ folders }: StorageServices): Promise<void> {
  for (const name of await readdir(folders.checkpoints)) {
    if (name.endsWith(".lock")) await rm(join(folders.checkpoints, name), { force: true });
  }
}

/** Rows that the database counts as lost may be of another load at work; the comparison tells. */
function refusedBy({ rejected, dropped }: VictoriaMetricsResult): number {
  return rejected.samples + dropped;
}
