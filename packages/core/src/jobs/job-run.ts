import type { Job, JobFailure } from "./job.ts";
import { cancelledError, failureOf, plainJson, stoppedError } from "./job-input.ts";
import type { JobContext, JobHandler } from "./job-queue.ts";

/** How a run of a handler ended. */
export type RunOutcome =
  | { readonly kind: "done"; readonly result: unknown }
  | { readonly kind: "cancelled" }
  /** The worker stops, or gave up waiting for it: the job waits again. */
  | { readonly kind: "returned" }
  | { readonly kind: "failed"; readonly failure: JobFailure; readonly retryable: boolean };

/** One run of a handler, which can be cancelled and stopped. */
export class JobRun {
  readonly job: Job;
  readonly #abort: AbortController = new AbortController();
  #cancelled = false;
  #giveUp: () => void = () => {};

  constructor(job: Job) {
    this.job = job;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Somebody cancelled the job. It counts even if the worker was stopping before. */
  cancel(): void {
    this.#cancelled = true;
    this.#abort.abort(cancelledError(this.job.id));
  }

  /** The worker stops. */
  stop(): void {
    this.#abort.abort(stoppedError(this.job.id));
  }

  /** Waits no longer for a handler that does not heed its signal; what it returns later is not used. */
  giveUp(): void {
    this.#giveUp();
  }

  /** Runs the handler; never rejects. */
  async outcome(
    handler: JobHandler,
    context: Omit<JobContext, "signal">,
    retryable: (error: unknown) => boolean,
  ): Promise<RunOutcome> {
    const { promise: gaveUp, resolve } = Promise.withResolvers<RunOutcome>();
    this.#giveUp = () => resolve({ kind: this.#cancelled ? "cancelled" : "returned" });
    const quiet: JobContext = {
      signal: this.signal,
      progress: (progress) => mayGoUnread(context.progress(progress)),
      log: (text) => mayGoUnread(context.log(text)),
    };
    const ended = this.#run(handler, quiet, retryable);
    return await Promise.race([ended, gaveUp]);
  }

  async #run(
    handler: JobHandler,
    context: JobContext,
    retryable: (error: unknown) => boolean,
  ): Promise<RunOutcome> {
    try {
      const result = plainJson(
        await handler(this.job, context),
        `the result of job ${this.job.id}`,
      );
      // It may have finished before it saw its signal: then its work is done, and saying so is the truth.
      return { kind: "done", result };
    } catch (error) {
      if (this.#cancelled) return { kind: "cancelled" };
      if (this.signal.aborted) return { kind: "returned" };
      return { kind: "failed", failure: failureOf(error), retryable: asks(retryable, error) };
    }
  }
}

/** A question that throws is a mistake in the program, and trying again would not mend it. */
function asks(retryable: (error: unknown) => boolean, error: unknown): boolean {
  try {
    return retryable(error);
  } catch {
    return false;
  }
}

/** A rejection that nobody waits for must not end the process. */
function mayGoUnread<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
