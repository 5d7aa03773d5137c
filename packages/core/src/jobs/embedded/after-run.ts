import { backoffMs } from "../backoff.ts";
import { cancelledError, failureOf } from "../job-input.ts";
import type { RunOutcome } from "../job-run.ts";
import type { JobRecord } from "./job-record.ts";

/** What becomes of a job after a run. */
export function afterRun(record: JobRecord, outcome: RunOutcome, nowMs: number): JobRecord {
  const { id, attempts, maxAttempts, backoff } = record;
  const idle: JobRecord = { ...record, cancelling: false };
  switch (outcome.kind) {
    case "done":
      return {
        ...idle,
        state: "done",
        result: outcome.result,
        finishedMs: nowMs,
        error: undefined,
      };
    case "cancelled":
      return {
        ...idle,
        state: "cancelled",
        finishedMs: nowMs,
        error: failureOf(cancelledError(id)),
      };
    case "returned":
      return { ...idle, state: "waiting", attempts: attempts - 1 };
    case "failed": {
      const error = outcome.failure;
      if (!outcome.retryable || attempts >= maxAttempts) {
        return { ...idle, state: "failed", error, finishedMs: nowMs };
      }
      const delayedUntilMs = nowMs + backoffMs(attempts, backoff);
      return { ...idle, state: "delayed", error, delayedUntilMs };
    }
  }
}
