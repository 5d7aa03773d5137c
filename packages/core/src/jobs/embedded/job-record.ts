import type { Job } from "../job.ts";
import type { JobInput } from "../job-input.ts";
import type { Backoff } from "../job-queue.ts";

/** A job as it is stored. */
export interface JobRecord
  extends Omit<Job, "startedMs" | "finishedMs" | "delayedUntilMs" | "error"> {
  readonly backoff: Backoff;
  /** Lines of log so far. */
  readonly logLines: number;
  // Absent is undefined: JSON has no word for it.
  readonly startedMs?: number | undefined;
  readonly finishedMs?: number | undefined;
  readonly delayedUntilMs?: number | undefined;
  readonly error?: Job["error"];
}

/** What is stored of a job that was just added. */
export function newRecord(input: JobInput, nowMs: number): JobRecord {
  const { delayMs, ...rest } = input;
  return {
    ...rest,
    state: delayMs > 0 ? "delayed" : "waiting",
    ...(delayMs > 0 ? { delayedUntilMs: nowMs + delayMs } : {}),
    ...{ cancelling: false, attempts: 0, losses: 0, progress: {}, logLines: 0 },
    createdMs: nowMs,
    result: null,
  };
}

/** What is shown of it. */
export function jobOf({ backoff: _backoff, logLines: _logLines, ...record }: JobRecord): Job {
  const { startedMs, finishedMs, delayedUntilMs, error, state, result } = record;
  return {
    ...record,
    ...{ startedMs, finishedMs, delayedUntilMs, error },
    result: state === "done" ? result : undefined,
  };
}
