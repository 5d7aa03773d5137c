/**
 * Where a job is: `waiting` for a worker, `delayed` until a time (asked for, or before another attempt),
 * `running`, or finished as `done`, `failed` or `cancelled`.
 */
export type JobState = "waiting" | "delayed" | "running" | "done" | "failed" | "cancelled";

/** A job, as it was when it was asked for. Everything in it is plain JSON. */
export interface Job {
  /** Unique in its queue. */
  readonly id: string;
  /** What sort of work it is; a handler may branch on it. */
  readonly kind: string;
  /** What the work is about, as it was added. */
  readonly payload: unknown;
  readonly state: JobState;
  /** True from a cancel of a running job until its handler has heeded its signal, or finished. */
  readonly cancelling: boolean;
  /** Higher goes first; equal ones in the order of adding. */
  readonly priority: number;
  /** Runs of the handler that failed or finished, and the one that is under way. */
  readonly attempts: number;
  /** Attempts after which a failure is final. */
  readonly maxAttempts: number;
  /** Runs that ended because the worker died. They are no attempts; too many of them fail the job. */
  readonly losses: number;
  /** What its handler reported last; empty before that. */
  readonly progress: Readonly<Record<string, unknown>>;
  /** When it was added, in ms since 1970, as the other times here. */
  readonly createdMs: number;
  /** Start of the latest run. */
  readonly startedMs: number | undefined;
  readonly finishedMs: number | undefined;
  /** A `delayed` job waits until then. */
  readonly delayedUntilMs: number | undefined;
  /** Why the latest run failed; kept while the next attempt waits, gone when the job is done or retried. */
  readonly error: JobFailure | undefined;
  /** What the handler of a `done` job returned. */
  readonly result: unknown;
}

/** Why a run of a job failed. */
export interface JobFailure {
  /**
   * A code of `MillraceError`, or `INTERNAL` for other errors, `ABORTED` for a cancelled job and
   * `WORKER_LOST` for one whose worker died too often.
   */
  readonly code: string;
  readonly message: string;
}

/** One line of a job's log. */
export interface JobLogLine {
  /** Counts from 1 through all attempts of the job. */
  readonly line: number;
  /** In ms since 1970. */
  readonly atMs: number;
  readonly text: string;
}

/** What happens in a queue. States are of any process; nothing is repeated for late subscribers. */
export type JobEvent =
  /** The job came into this state. */
  | {
      readonly type: "job-state";
      readonly id: string;
      readonly state: JobState;
    }
  /** Its handler reported. */
  | {
      readonly type: "job-progress";
      readonly id: string;
      readonly progress: Readonly<Record<string, unknown>>;
    }
  /** Its handler wrote a line. */
  | { readonly type: "job-log"; readonly id: string; readonly line: JobLogLine }
  /** Somebody removed it. Old jobs that go because of `keepFinished` are not told. */
  | { readonly type: "job-remove"; readonly id: string }
  /** Something went wrong beside the jobs: the connection, the store. The queue goes on where it can. */
  | { readonly type: "queue-warning"; readonly message: string; readonly cause: unknown };
