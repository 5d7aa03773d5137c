import { MillraceError } from "../../errors.ts";
import { backoffMs } from "../backoff.ts";
import type { Job } from "../job.ts";
import { cancelledError, logText, plainJson } from "../job-input.ts";
import type { JobHandler, JobRetention, JobWorker, WorkOptions } from "../job-queue.ts";
import { JobRun, type RunOutcome } from "../job-run.ts";
import type { BullmqJob, BullmqLibrary, BullmqWorker } from "./bullmq-library.ts";
import { CANCELLED, type JobData, jobId, jobOf, type RawJob, reasonOf } from "./bullmq-record.ts";
import type { RunScript } from "./bullmq-scripts.ts";

/** What a worker has of its queue. */
export interface BullmqHost {
  readonly lib: BullmqLibrary;
  readonly name: string;
  readonly connection: object;
  readonly retention: Required<JobRetention>;
  readonly leaseMs: number;
  readonly run: RunScript;
  warn(message: string, cause: unknown): void;
  leave(worker: BullmqJobWorker): void;
}

/** Runs handlers for the jobs that BullMQ hands out. */
export class BullmqJobWorker implements JobWorker {
  readonly ended: Promise<void>;
  readonly #host: BullmqHost;
  readonly #handler: JobHandler;
  readonly #options: Required<WorkOptions>;
  readonly #worker: BullmqWorker;
  readonly #runs = new Map<string, JobRun>();
  readonly #end: PromiseWithResolvers<void> = Promise.withResolvers();
  #stopping: Promise<void> | undefined;

  constructor(host: BullmqHost, handler: JobHandler, options: Required<WorkOptions>) {
    this.#host = host;
    this.#handler = handler;
    this.#options = options;
    this.ended = this.#end.promise;
    const { lib, name, connection, retention, leaseMs } = host;
    this.#worker = new lib.Worker(name, (job: BullmqJob, token) => this.#process(job, token), {
      ...connection,
      concurrency: options.concurrency,
      // A lock must run out, and the next look must see it: both within the lease.
      lockDuration: Math.ceil(leaseMs / 2),
      stalledInterval: Math.ceil(leaseMs / 2),
      maxStalledCount: retention.maxLosses - 1,
      removeOnComplete: { count: retention.keepFinished },
      removeOnFail: { count: retention.keepFinished },
      settings: {
        backoffStrategy: (attempts: number, _type: string, _error: Error, job: { data: JobData }) =>
          backoffMs(attempts, job.data.backoff),
      },
    });
    this.#worker.on("error", (error: Error) => host.warn("A worker has trouble", error));
    // The job is another worker's by now, or soon.
    this.#worker.on("lockRenewalFailed", (ids: readonly string[]) => {
      for (const id of ids) this.#runs.get(jobId(id) ?? "")?.stop();
    });
  }

  async ready(): Promise<void> {
    await this.#worker.waitUntilReady();
  }

  cancel(id: string): void {
    this.#runs.get(id)?.cancel();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping ??= this.#stop();
    await this.#stopping;
  }

  async #stop(): Promise<void> {
    // It takes no more jobs from here on; what it has taken comes to #process, which gives it back.
    const closed = this.#worker.close();
    for (const run of this.#runs.values()) run.stop();
    const late = setTimeout(() => {
      for (const run of this.#runs.values()) run.giveUp();
    }, this.#options.stopMs);
    await closed;
    clearTimeout(late);
    this.#host.leave(this);
    this.#end.resolve();
  }

  /** What BullMQ calls for a job: its result, or an error that says what becomes of the job. */
  async #process(bullJob: BullmqJob, token: string | undefined): Promise<unknown> {
    const id = jobId(bullJob.id);
    const raw = id === undefined ? undefined : await this.#read(bullJob.id as string);
    if (id === undefined || raw === undefined) {
      throw new this.#host.lib.UnrecoverableError("UNSUPPORTED: It was not added by bullmqJobs.");
    }
    const run = new JobRun(jobOf(id, raw));
    this.#runs.set(id, run);
    try {
      const outcome = await this.#outcome(run, bullJob);
      return await this.#settle(run.job, outcome, bullJob, token);
    } finally {
      this.#runs.delete(id);
    }
  }

  async #outcome(run: JobRun, bullJob: BullmqJob): Promise<RunOutcome> {
    const { run: script, retention } = this.#host;
    const { id } = run.job;
    if (this.#stopping !== undefined) return { kind: "returned" };
    // Whoever cancelled it before this run was known has left a mark, as whoever did and lost the worker.
    if ((await script("cancelling", bullJob.id as string)) === 1) return { kind: "cancelled" };
    const context = {
      progress: async (progress: object) => {
        await bullJob.updateProgress(plainJson(progress, `the progress of job ${id}`) as object);
      },
      log: async (text: string) => {
        await script(
          "log",
          bullJob.id as string,
          Date.now(),
          logText(text),
          retention.keepLogLines,
        );
      },
    };
    return await run.outcome(this.#handler, context, this.#options.retryable);
  }

  async #settle(
    { id }: Job,
    outcome: RunOutcome,
    bullJob: BullmqJob,
    token: string | undefined,
  ): Promise<unknown> {
    const { UnrecoverableError, WaitingError } = this.#host.lib;
    switch (outcome.kind) {
      case "done":
        return outcome.result;
      case "cancelled":
        throw new UnrecoverableError(CANCELLED + cancelledError(id).message);
      case "failed": {
        const reason = reasonOf(outcome.failure);
        throw outcome.retryable ? new Error(reason) : new UnrecoverableError(reason);
      }
      case "returned":
        await bullJob.moveToWait(token).catch((cause: unknown) => {
          this.#host.warn(`Job ${id} could not be given back; its lease will end`, cause);
        });
        throw new WaitingError();
    }
  }

  async #read(id: string): Promise<RawJob | undefined> {
    const [raw] = (await this.#host.run("read", id)) as readonly (RawJob | null)[];
    return raw ?? undefined;
  }
}

/** What goes wrong between us and the server. */
export function remoteError(name: string, cause: unknown): MillraceError {
  if (MillraceError.is(cause)) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new MillraceError("REMOTE_FAILED", `The job queue ${name} gets no answer: ${reason}.`, {
    cause,
    retryable: true,
  });
}
