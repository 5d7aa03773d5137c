import type { Observable } from "rxjs";
import type { Job, JobEvent, JobLogLine, JobState } from "./job.ts";

/**
 * A list of work that outlives its processes.
 *
 * A job is run at least once: after a crash it runs again, so a handler must be able to run twice. What
 * {@link JobQueue.add} has answered for is on the disk, or in the server. Experimental: it may change before 1.0.
 */
export interface JobQueue extends AsyncDisposable {
  readonly apiVersion: 1;
  /** Name for messages. */
  readonly name: string;
  readonly capabilities: JobQueueCapabilities;
  /** What happens to jobs from now on; completes when the queue is closed. Its subscribers must not throw. */
  readonly events$: Observable<JobEvent>;
  /**
   * Adds a job; resolves once it would survive a crash. With an `id` that is there already, the job that is
   * there is returned and nothing changes, so a call whose answer was lost may be repeated.
   *
   * @param kind - what sort of work it is, 1 to 200 characters
   * @param payload - plain JSON
   * @throws MillraceError INVALID_OPTION when the payload is no JSON or an option is out of its range
   */
  add(kind: string, payload: unknown, options?: AddJobOptions): Promise<Job>;
  /** The job as it is now; undefined where there is none, or none any more. */
  get(id: string): Promise<Job | undefined>;
  /** Jobs in pages, the newest first. */
  list(query?: JobQuery): Promise<JobPage>;
  /** The log of a job in pages, the oldest line first; empty for a job that is not there. */
  logs(id: string, query?: JobLogQuery): Promise<JobLogPage>;
  /**
   * Cancels, retries or removes a job, from any process; resolves to the job after it (before it, for a
   * removal).
   *
   * @throws MillraceError NOT_FOUND when there is no such job; INVALID_OPTION when it is in the wrong state
   */
  change(id: string, change: JobChange): Promise<Job>;
  /**
   * Starts a worker: jobs go to `handler`, which returns plain JSON. A handler that rejects after its signal
   * was aborted ends its job as cancelled, or gives it back when the worker stops.
   *
   * Disposing of the worker stops it: no new jobs, the running ones get their signal and wait again, without a
   * used-up attempt.
   */
  work(handler: JobHandler, options?: WorkOptions): Promise<JobWorker>;
}

/** What a queue can do. */
export interface JobQueueCapabilities {
  /** Several processes may use it at once. */
  readonly shared: boolean;
  /**
   * Within how long the job of a dead worker is given to another one that waits for work; 0 where that is done
   * when the queue is opened again.
   */
  readonly leaseMs: number;
}

/**
 * - `cancel`: a job that waits is cancelled at once, a running one through the signal of its handler; a finished
 *   one stays as it is.
 * - `retry`: a failed or cancelled job waits again with all its attempts, a delayed one no longer waits for its
 *   time; one that waits or runs stays as it is, one that is done is refused.
 * - `remove`: the job and its log are gone; a running one is refused.
 */
export type JobChange = "cancel" | "retry" | "remove";

/** Options of {@link JobQueue.add}. */
export interface AddJobOptions {
  /** 1 to 200 of the characters `A-Z a-z 0-9 . _ -`. @defaultValue one that is made at random */
  readonly id?: string;
  /** From -1000 to 1000; higher goes first. @defaultValue 0 */
  readonly priority?: number;
  /** 1 or more. @defaultValue 3 */
  readonly maxAttempts?: number;
  /** How long to wait before the first attempt. @defaultValue 0 */
  readonly delayMs?: number;
  /** Pauses between attempts. @defaultValue `{ firstMs: 1000, mostMs: 60_000 }` */
  readonly backoff?: Backoff;
}

/** A pause at random between 0 and a bound that begins at `firstMs` and doubles with each attempt, up to `mostMs`. */
export interface Backoff {
  readonly firstMs: number;
  readonly mostMs: number;
}

/** Which jobs to list. */
export interface JobQuery {
  /** @defaultValue all of them */
  readonly states?: readonly JobState[];
  /** @defaultValue all of them */
  readonly kind?: string;
  /** Most jobs of a page, 1 to 1000. @defaultValue 100 */
  readonly limit?: number;
  /** `next` of the page before. @defaultValue from the newest on */
  readonly cursor?: string;
}

/** Some jobs, the newest first. */
export interface JobPage {
  readonly jobs: readonly Job[];
  /** Where the next page begins; undefined when this was the last one. */
  readonly next: string | undefined;
}

/** Which lines of a log to read. */
export interface JobLogQuery {
  /** Only lines with a higher number. @defaultValue 0 */
  readonly after?: number;
  /** Most lines of a page, 1 to 1000. @defaultValue 100 */
  readonly limit?: number;
}

/** Some lines of a log. */
export interface JobLogPage {
  readonly lines: readonly JobLogLine[];
  /** `after` of the next page; undefined when there is nothing after these lines by now. */
  readonly next: number | undefined;
}

/** Does the work of one job; what it returns is the job's result. */
export type JobHandler = (job: Job, context: JobContext) => Promise<unknown>;

/** What a handler gets besides its job. */
export interface JobContext {
  /** Aborted when the job is cancelled, the worker stops, or the job went to another worker. */
  readonly signal: AbortSignal;
  /**
   * Says how far the work has come; replaces what was said before. It need not be awaited, and after a crash
   * the latest second may be missing.
   */
  progress(progress: Readonly<Record<string, unknown>>): Promise<void>;
  /** Writes a line to the log of the job; longer than 4,096 characters, it is cut. It need not be awaited. */
  log(text: string): Promise<void>;
}

/** Options of {@link JobQueue.work}. */
export interface WorkOptions {
  /** Jobs at once in this worker. @defaultValue 1 */
  readonly concurrency?: number;
  /** Whether another attempt may help. @defaultValue a `MillraceError` that is `retryable` */
  readonly retryable?: (error: unknown) => boolean;
  /** How long a stop waits for handlers that got their signal, before it gives their jobs back. @defaultValue 10_000 */
  readonly stopMs?: number;
}

/** A worker; dispose of it to stop it. */
export interface JobWorker extends AsyncDisposable {
  /** Resolves when the worker has stopped; rejects when it cannot go on, because the store fails. */
  readonly ended: Promise<void>;
}

/** Options that all queues share. */
export interface JobRetention {
  /** Finished jobs that are kept: so many done ones, and so many others. @defaultValue 1000 */
  readonly keepFinished?: number;
  /** Lines of log that are kept for each job. @defaultValue 1000 */
  readonly keepLogLines?: number;
  /** A job that loses so many workers fails, as it may be what kills them. @defaultValue 3 */
  readonly maxLosses?: number;
}
