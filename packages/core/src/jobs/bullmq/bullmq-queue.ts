import { type Observable, Subject } from "rxjs";
import { MillraceError } from "../../errors.ts";
import type { Job, JobEvent } from "../job.ts";
import {
  cancelledError,
  jobInput,
  noSuchJob,
  pageLimit,
  queueClosed,
  workOptionsOf,
  wrongState,
} from "../job-input.ts";
import type {
  AddJobOptions,
  JobChange,
  JobHandler,
  JobLogPage,
  JobLogQuery,
  JobPage,
  JobQuery,
  JobQueue,
  JobQueueCapabilities,
  JobWorker,
  WorkOptions,
} from "../job-queue.ts";
import type { BullmqEvents, BullmqJob, BullmqQueue } from "./bullmq-library.ts";
import {
  bullId,
  bullPriority,
  CANCELLED,
  type JobData,
  jobId,
  jobOf,
  logLineOf,
  type RawJob,
  stateOf,
} from "./bullmq-record.ts";
import { type BullmqHost, BullmqJobWorker, remoteError } from "./bullmq-worker.ts";

/** Times that a change is tried while workers move the job about. */
const TRIES = 20;

/** The queue over BullMQ: what two processes may do at once is decided by scripts on the server. */
export class BullmqJobQueue implements JobQueue {
  readonly apiVersion = 1;
  readonly name: string = "bullmq";
  readonly capabilities: JobQueueCapabilities;
  readonly events$: Observable<JobEvent>;
  readonly #events = new Subject<JobEvent>();
  readonly #shown: string;
  readonly #host: BullmqHost;
  readonly #queue: BullmqQueue;
  readonly #reader: BullmqEvents;
  readonly #workers = new Set<BullmqJobWorker>();
  #closing: Promise<void> | undefined;

  /** @param shown - the name of the queue in messages */
  constructor(
    shown: string,
    host: Omit<BullmqHost, "warn" | "leave">,
    queue: BullmqQueue,
    reader: BullmqEvents,
  ) {
    this.#shown = shown;
    this.#host = {
      ...host,
      warn: (message, cause) => this.#warn(message, cause),
      leave: (worker) => this.#workers.delete(worker),
    };
    this.#queue = queue;
    this.#reader = reader;
    this.capabilities = { shared: true, leaseMs: host.leaseMs };
    this.events$ = this.#events.asObservable();
    this.#listen();
  }

  async add(kind: string, payload: unknown, options?: AddJobOptions): Promise<Job> {
    const input = jobInput(kind, payload, options);
    const { id, priority, maxAttempts, delayMs, backoff } = input;
    const data: JobData = { payload: input.payload, priority, maxAttempts, backoff };
    return await this.#guard(async () => {
      await this.#queue.add(kind, data, {
        jobId: bullId(id),
        priority: bullPriority(priority),
        attempts: maxAttempts,
        backoff: { type: "custom" },
        delay: delayMs,
        timestamp: Date.now(),
        stackTraceLimit: 0,
      });
      await this.#host.run("index", bullId(id));
      const job = await this.#read(id);
      // It may have run, and have been forgotten, since.
      return job ?? jobOf(id, forgotten(kind, data));
    });
  }

  async get(id: string): Promise<Job | undefined> {
    return await this.#guard(() => this.#read(id));
  }

  async list({ states, kind, limit, cursor }: JobQuery = {}): Promise<JobPage> {
    const most = pageLimit(limit);
    if (cursor !== undefined && !/^\d+$/.test(cursor)) {
      throw new MillraceError("INVALID_OPTION", `Job queue: the cursor ${cursor} is of no page.`);
    }
    return await this.#guard(async () => {
      const jobs: Job[] = [];
      let from: string | number = cursor === undefined ? "+inf" : `(${cursor}`;
      while (true) {
        const found = (await this.#host.run("page", from, most + 1)) as readonly string[];
        const ids = found.filter((_, i) => i % 2 === 0);
        const raws = ids.length === 0 ? [] : await this.#host.run("read", ...ids);
        for (const [i, raw] of (raws as readonly (RawJob | null)[]).entries()) {
          const id = jobId(ids[i]);
          if (id === undefined || raw === null) continue;
          const job = jobOf(id, raw);
          if (kind !== undefined && job.kind !== kind) continue;
          if (states !== undefined && !states.includes(job.state)) continue;
          if (jobs.length === most) return { jobs, next: String(from).replace("(", "") };
          jobs.push(job);
          from = `(${found[2 * i + 1]}`;
        }
        if (ids.length <= most) return { jobs, next: undefined };
        from = `(${found.at(-1)}`;
      }
    });
  }

  async logs(id: string, { after = 0, limit }: JobLogQuery = {}): Promise<JobLogPage> {
    const most = pageLimit(limit);
    return await this.#guard(async () => {
      const { logs } = await this.#queue.getJobLogs(bullId(id));
      const found = logs.map(logLineOf).filter(({ line }) => line > after);
      const lines = found.slice(0, most);
      return { lines, next: found.length > most ? lines.at(-1)?.line : undefined };
    });
  }

  async change(id: string, change: JobChange): Promise<Job> {
    return await this.#guard(async () => {
      for (let tries = 1; ; tries++) {
        const job = await this.#read(id);
        if (job === undefined) throw noSuchJob(id);
        try {
          if (change === "cancel") return await this.#cancel(job);
          if (change === "retry") return await this.#retry(job);
          return await this.#remove(job);
        } catch (error) {
          // A worker may have moved it between the look and the change: look again.
          if (MillraceError.is(error) || tries === TRIES) throw error;
        }
      }
    });
  }

  async work(handler: JobHandler, options?: WorkOptions): Promise<JobWorker> {
    const checked = workOptionsOf(options);
    return await this.#guard(async () => {
      const worker = new BullmqJobWorker(this.#host, handler, checked);
      this.#workers.add(worker);
      await worker.ready();
      return worker;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#workers].map((worker) => worker[Symbol.asyncDispose]()));
    await this.#reader.close();
    await this.#queue.close();
    this.#events.complete();
  }

  async #cancel({ id }: Job): Promise<Job> {
    const reason = CANCELLED + cancelledError(id).message;
    await this.#host.run("cancel", bullId(id), Date.now(), reason);
    return await this.#reread(id);
  }

  async #retry({ id, state }: Job): Promise<Job> {
    if (state === "done") throw wrongState(id, state, "retry");
    if (state === "delayed") await (await this.#bullJob(id)).promote();
    if (state === "failed" || state === "cancelled") {
      const bullJob = await this.#bullJob(id);
      await this.#host.run("afresh", bullId(id));
      await bullJob.retry("failed", { resetAttemptsMade: true, resetAttemptsStarted: true });
    }
    return await this.#reread(id);
  }

  async #remove(job: Job): Promise<Job> {
    if (job.state === "running") throw wrongState(job.id, job.state, "removal");
    await (await this.#bullJob(job.id)).remove();
    return job;
  }

  async #bullJob(id: string): Promise<BullmqJob> {
    const job = await this.#queue.getJob(bullId(id));
    if (job === undefined) throw noSuchJob(id);
    return job;
  }

  async #read(id: string): Promise<Job | undefined> {
    const [raw] = (await this.#host.run("read", bullId(id))) as readonly (RawJob | null)[];
    return raw ? jobOf(id, raw) : undefined;
  }

  async #reread(id: string): Promise<Job> {
    const job = await this.#read(id);
    if (job === undefined) throw noSuchJob(id);
    return job;
  }

  /** Turns the events of BullMQ, which come from all processes in one order, into ours. */
  #listen(): void {
    const on = (event: string, tell: (id: string, said: Record<string, string>) => void): void => {
      this.#reader.on(event, (said: Record<string, string>) => {
        const id = jobId(said["jobId"]);
        if (id !== undefined) tell(id, said);
      });
    };
    for (const place of ["waiting", "delayed", "active", "completed", "failed"]) {
      on(place, (id, { failedReason }) => {
        this.#events.next({ type: "job-state", id, state: stateOf(place, failedReason) });
      });
    }
    on("progress", (id, { data }) => {
      this.#events.next({ type: "job-progress", id, progress: data as unknown as Job["progress"] });
    });
    on("millrace-log", (id, { entry = "" }) => {
      this.#events.next({ type: "job-log", id, line: logLineOf(entry) });
    });
    on("removed", (id) => this.#events.next({ type: "job-remove", id }));
    on("millrace-cancel", (id) => {
      for (const worker of this.#workers) worker.cancel(id);
    });
    const trouble = (cause: unknown): void => this.#warn("The connection has trouble", cause);
    this.#reader.on("error", trouble);
    this.#queue.on("error", trouble);
  }

  #warn(message: string, cause: unknown): void {
    if (this.#closing !== undefined) return;
    const reason = cause instanceof Error ? cause.message : String(cause);
    this.#events.next({
      type: "queue-warning",
      message: `The job queue ${this.#shown}: ${message}: ${reason}`,
      cause,
    });
  }

  async #guard<T>(call: () => Promise<T>): Promise<T> {
    if (this.#closing !== undefined) throw queueClosed(this.#shown);
    try {
      return await call();
    } catch (error) {
      throw remoteError(this.#shown, error);
    }
  }
}

/** What is known of a job that was done and forgotten before anybody could look at it. */
function forgotten(kind: string, data: JobData): RawJob {
  const now = `${Date.now()}`;
  const times = ["timestamp", now, "processedOn", now, "finishedOn", now];
  return ["completed", "", ["name", kind, "data", JSON.stringify(data), "atm", "1", ...times]];
}
