import type { MillraceError } from "../../errors.ts";
import type { Job } from "../job.ts";
import { plainJson } from "../job-input.ts";
import type { JobHandler, JobWorker, WorkOptions } from "../job-queue.ts";
import { JobRun, type RunOutcome } from "../job-run.ts";

/** What a worker asks of its queue. */
export interface WorkerHost {
  take(worker: EmbeddedWorker): Job | undefined;
  report(id: string, said: { progress: object } | { text: string }): Promise<void>;
  settle(id: string, outcome: RunOutcome): void;
  leave(worker: EmbeddedWorker): void;
}

/** Keeps the process alive while it waits for jobs. */
const ALIVE_MS = 2 ** 31 - 1;

/** Runs handlers, as many at once as it may. */
export class EmbeddedWorker implements JobWorker {
  readonly ended: Promise<void>;
  readonly #host: WorkerHost;
  readonly #handler: JobHandler;
  readonly #options: Required<WorkOptions>;
  readonly #runs = new Map<string, { readonly run: JobRun; readonly settled: Promise<void> }>();
  readonly #end: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #alive: NodeJS.Timeout = setInterval(() => {}, ALIVE_MS);
  #stopping: Promise<void> | undefined;

  constructor(host: WorkerHost, handler: JobHandler, options: Required<WorkOptions>) {
    this.#host = host;
    this.#handler = handler;
    this.#options = options;
    this.ended = this.#end.promise;
    // Nobody has to look at it.
    this.ended.catch(() => {});
  }

  /** Takes jobs while there are any and places are free. */
  fill(): void {
    while (this.#stopping === undefined && this.#runs.size < this.#options.concurrency) {
      const job = this.#host.take(this);
      if (job === undefined) return;
      const run = new JobRun(job);
      this.#runs.set(job.id, { run, settled: this.#run(run) });
    }
  }

  cancel(id: string): void {
    this.#runs.get(id)?.run.cancel();
  }

  /** The store fails: what runs is stopped, and what it returns cannot be kept. */
  fail(failure: MillraceError): void {
    this.#end.reject(failure);
    void this[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping ??= this.#stop();
    await this.#stopping;
  }

  async #run(run: JobRun): Promise<void> {
    const { id } = run.job;
    const outcome = await run.outcome(
      this.#handler,
      {
        progress: async (progress) => {
          const plain = plainJson(progress, `the progress of job ${id}`) as object;
          await this.#host.report(id, { progress: plain });
        },
        log: (text) => this.#host.report(id, { text }),
      },
      this.#options.retryable,
    );
    this.#runs.delete(id);
    this.#host.settle(id, outcome);
  }

  async #stop(): Promise<void> {
    const runs = [...this.#runs.values()];
    for (const { run } of runs) run.stop();
    const late = setTimeout(() => {
      for (const { run } of runs) run.giveUp();
    }, this.#options.stopMs);
    await Promise.all(runs.map(({ settled }) => settled));
    clearTimeout(late);
    clearInterval(this.#alive);
    this.#host.leave(this);
    this.#end.resolve();
  }
}
