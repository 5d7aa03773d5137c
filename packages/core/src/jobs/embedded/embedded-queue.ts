import { type Observable, Subject } from "rxjs";
import { MillraceError } from "../../errors.ts";
import type { Job, JobEvent, JobLogLine, JobState } from "../job.ts";
import {
  cancelledError,
  failureOf,
  jobInput,
  logText,
  lostFailure,
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
  JobRetention,
  JobWorker,
  WorkOptions,
} from "../job-queue.ts";
import type { RunOutcome } from "../job-run.ts";
import { afterRun } from "./after-run.ts";
import { EmbeddedWorker } from "./embedded-worker.ts";
import type { JobFile, PlacedRecord } from "./job-file.ts";
import { type JobRecord, jobOf, newRecord } from "./job-record.ts";

/** Progress and log lines are written at most this often; everything else at once. */
const WRITE_MS = 250;
/** Timers cannot wait longer. */
const MOST_TIMER_MS = 2 ** 31 - 1;

/** A job that runs, with what its handler said and is not written yet. */
interface Running {
  placed: PlacedRecord;
  lines: JobLogLine[];
  dirty: boolean;
  readonly worker: EmbeddedWorker;
}

/** The queue over its file: all decisions are taken here, in one process, so that no two can clash. */
export class EmbeddedQueue implements JobQueue {
  readonly apiVersion = 1;
  readonly name: string = "embedded";
  readonly capabilities: JobQueueCapabilities = { shared: false, leaseMs: 0 };
  readonly events$: Observable<JobEvent>;
  readonly #events = new Subject<JobEvent>();
  readonly #file: JobFile;
  readonly #retention: Required<JobRetention>;
  readonly #running = new Map<string, Running>();
  readonly #workers = new Set<EmbeddedWorker>();
  #dueTimer: NodeJS.Timeout | undefined;
  #writeTimer: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;
  #failure: MillraceError | undefined;

  constructor(file: JobFile, retention: Required<JobRetention>) {
    this.#file = file;
    this.#retention = retention;
    this.events$ = this.#events.asObservable();
    this.#recover();
    this.#watchDue();
  }

  async add(kind: string, payload: unknown, options?: AddJobOptions): Promise<Job> {
    const input = jobInput(kind, payload, options);
    return this.#guard(() => {
      const known = this.#find(input.id);
      if (known !== undefined) return jobOf(known.record);
      const { record } = this.#file.transaction(() =>
        this.#file.insert(newRecord(input, Date.now())),
      );
      this.#tell(record);
      this.#wake();
      return jobOf(record);
    });
  }

  async get(id: string): Promise<Job | undefined> {
    return this.#guard(() => {
      const known = this.#find(id);
      return known === undefined ? undefined : jobOf(known.record);
    });
  }

  async list({ states, kind, limit, cursor }: JobQuery = {}): Promise<JobPage> {
    const most = pageLimit(limit);
    const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : Number(cursor);
    if (!Number.isSafeInteger(before)) {
      throw new MillraceError("INVALID_OPTION", `Job queue: the cursor ${cursor} is of no page.`);
    }
    return this.#guard(() => {
      const found = this.#file.list({ states, kind, before, limit: most + 1 });
      const page = found.slice(0, most);
      const jobs = page.map(({ record }) =>
        jobOf(this.#running.get(record.id)?.placed.record ?? record),
      );
      return { jobs, next: found.length > most ? String(page.at(-1)?.seq) : undefined };
    });
  }

  async logs(id: string, { after = 0, limit }: JobLogQuery = {}): Promise<JobLogPage> {
    const most = pageLimit(limit);
    return this.#guard(() => {
      this.#write();
      const known = this.#find(id);
      const found = known === undefined ? [] : this.#file.logLines(known.seq, after, most + 1);
      const lines = found.slice(0, most);
      return { lines, next: found.length > most ? lines.at(-1)?.line : undefined };
    });
  }

  async change(id: string, change: JobChange): Promise<Job> {
    return this.#guard(() => {
      const known = this.#find(id);
      if (known === undefined) throw noSuchJob(id);
      if (change === "cancel") return this.#cancel(known);
      if (change === "retry") return this.#retry(known);
      return this.#remove(known);
    });
  }

  async work(handler: JobHandler, options?: WorkOptions): Promise<JobWorker> {
    const checked = workOptionsOf(options);
    return this.#guard(() => {
      const worker = new EmbeddedWorker(this, handler, checked);
      this.#workers.add(worker);
      this.#wake();
      return worker;
    });
  }

  /** Takes the next job for a worker; undefined when none waits. */
  take(worker: EmbeddedWorker): Job | undefined {
    if (this.#closing !== undefined || this.#failure !== undefined) return undefined;
    const next = this.#file.nextWaiting();
    if (next === undefined) return undefined;
    const attempts = next.record.attempts + 1;
    const placed = this.#put(next, { state: "running", attempts, startedMs: Date.now() });
    this.#running.set(placed.record.id, { placed, lines: [], dirty: false, worker });
    this.#tell(placed.record);
    return jobOf(placed.record);
  }

  /** Keeps what a handler said. */
  async report(id: string, said: { progress: object } | { text: string }): Promise<void> {
    const running = this.#running.get(id);
    // What a handler says after its job was taken from it is of no interest.
    if (running === undefined) return;
    const { record, seq } = running.placed;
    if ("progress" in said) {
      const progress = said.progress as JobRecord["progress"];
      running.placed = { seq, record: { ...record, progress } };
      this.#events.next({ type: "job-progress", id, progress });
    } else {
      const line = { line: record.logLines + 1, atMs: Date.now(), text: logText(said.text) };
      running.placed = { seq, record: { ...record, logLines: line.line } };
      running.lines.push(line);
      this.#events.next({ type: "job-log", id, line });
    }
    running.dirty = true;
    this.#writeTimer ??= setTimeout(() => this.#attempt(() => this.#write()), WRITE_MS).unref();
  }

  /** Writes down how a run ended, and frees its place. */
  settle(id: string, outcome: RunOutcome): void {
    const running = this.#running.get(id);
    if (running === undefined) return;
    this.#attempt(() => {
      const { seq, record } = running.placed;
      const next = afterRun(record, outcome, Date.now());
      this.#file.transaction(() => {
        this.#file.update({ seq, record: next });
        this.#file.appendLog(seq, running.lines, this.#retention.keepLogLines);
        this.#trim();
      });
      this.#running.delete(id);
      this.#tell(next);
    });
    this.#watchDue();
    this.#wake();
  }

  /** A worker that has stopped. */
  leave(worker: EmbeddedWorker): void {
    this.#workers.delete(worker);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#workers].map((worker) => worker[Symbol.asyncDispose]()));
    clearTimeout(this.#dueTimer);
    clearTimeout(this.#writeTimer);
    this.#file.close();
    this.#events.complete();
  }

  /** What ran when the last process ended goes on, or fails when it has ended too many processes. */
  #recover(): void {
    const lost = this.#file.withState("running");
    if (lost.length === 0) return;
    this.#file.transaction(() => {
      for (const { seq, record } of lost) {
        const losses = record.losses + 1;
        // A lost run is no attempt.
        const before: JobRecord = { ...record, losses, attempts: record.attempts - 1 };
        const next = record.cancelling
          ? afterRun(before, { kind: "cancelled" }, Date.now())
          : losses < this.#retention.maxLosses
            ? { ...before, state: "waiting" as const }
            : afterRun(
                before,
                { kind: "failed", failure: lostFailure(losses), retryable: false },
                Date.now(),
              );
        this.#file.update({ seq, record: next });
      }
      this.#trim();
    });
  }

  #find(id: string): PlacedRecord | undefined {
    return this.#running.get(id)?.placed ?? this.#file.byId(id);
  }

  #cancel(known: PlacedRecord): Job {
    const { id, state } = known.record;
    if (state === "running") {
      const placed = this.#put(known, { cancelling: true });
      const running = this.#running.get(id);
      if (running !== undefined) running.placed = placed;
      running?.worker.cancel(id);
      return jobOf(placed.record);
    }
    if (state !== "waiting" && state !== "delayed") return jobOf(known.record);
    const placed = this.#put(known, {
      state: "cancelled",
      delayedUntilMs: undefined,
      finishedMs: Date.now(),
      error: failureOf(cancelledError(id)),
    });
    this.#tell(placed.record);
    return jobOf(placed.record);
  }

  #retry(known: PlacedRecord): Job {
    const { id, state, attempts, losses, error } = known.record;
    if (state === "done") throw wrongState(id, state, "retry");
    if (state === "waiting" || state === "running") return jobOf(known.record);
    const afresh = state !== "delayed";
    const placed = this.#put(known, {
      state: "waiting",
      delayedUntilMs: undefined,
      finishedMs: undefined,
      attempts: afresh ? 0 : attempts,
      losses: afresh ? 0 : losses,
      error: afresh ? undefined : error,
    });
    this.#tell(placed.record);
    this.#wake();
    return jobOf(placed.record);
  }

  #remove({ record }: PlacedRecord): Job {
    if (record.state === "running") throw wrongState(record.id, record.state, "removal");
    this.#file.transaction(() => this.#file.delete(record.id));
    this.#events.next({ type: "job-remove", id: record.id });
    return jobOf(record);
  }

  /** Changes a record, in the file and then everywhere. */
  #put({ seq, record }: PlacedRecord, change: Partial<JobRecord>): PlacedRecord {
    const placed = { seq, record: { ...record, ...change } };
    this.#file.transaction(() => {
      this.#file.update(placed);
      if (placed.record.finishedMs !== undefined) this.#trim();
    });
    return placed;
  }

  #trim(): void {
    this.#file.trim(["done"], this.#retention.keepFinished);
    this.#file.trim(["failed", "cancelled"], this.#retention.keepFinished);
  }

  /** Writes down what handlers have said since the last time. */
  #write(): void {
    clearTimeout(this.#writeTimer);
    this.#writeTimer = undefined;
    const dirty = [...this.#running.values()].filter((running) => running.dirty);
    if (dirty.length === 0) return;
    this.#file.transaction(() => {
      for (const { placed, lines } of dirty) {
        this.#file.update(placed);
        this.#file.appendLog(placed.seq, lines, this.#retention.keepLogLines);
      }
    });
    for (const running of dirty) {
      running.dirty = false;
      running.lines = [];
    }
  }

  /** Sets the clock for the next delayed job, or lets those go whose time has come. */
  #watchDue(): void {
    clearTimeout(this.#dueTimer);
    if (this.#closing !== undefined || this.#failure !== undefined) return;
    const dueMs = this.#file.nextDueMs();
    if (dueMs === undefined) return;
    const waitMs = Math.min(Math.max(dueMs - Date.now(), 0), MOST_TIMER_MS);
    // Whoever wants the process to live until then has a worker, which keeps it alive.
    this.#dueTimer = setTimeout(() => this.#attempt(() => this.#letGo()), waitMs).unref();
  }

  #letGo(): void {
    const due = this.#file.due(Date.now());
    const change = { state: "waiting" as JobState, delayedUntilMs: undefined };
    const placed = due.map(({ seq, record }) => ({ seq, record: { ...record, ...change } }));
    this.#file.transaction(() => {
      for (const each of placed) this.#file.update(each);
    });
    for (const { record } of placed) this.#tell(record);
    this.#watchDue();
    this.#wake();
  }

  /** Lets workers look for jobs, after whoever called this has finished. */
  #wake(): void {
    queueMicrotask(() => {
      for (const worker of this.#workers) this.#attempt(() => worker.fill());
    });
    this.#watchDue();
  }

  #tell({ id, state }: JobRecord): void {
    this.#events.next({ type: "job-state", id, state });
  }

  #guard<T>(call: () => T): T {
    if (this.#closing !== undefined) throw queueClosed(this.#file.path);
    if (this.#failure !== undefined) throw this.#failure;
    try {
      return call();
    } catch (error) {
      throw MillraceError.is(error) ? error : this.#broken(error);
    }
  }

  /** For what nobody waits for: a failure of the store stops the workers, which say so. */
  #attempt(call: () => void): void {
    if (this.#failure !== undefined) return;
    try {
      call();
    } catch (error) {
      const failure = MillraceError.is(error) ? error : this.#broken(error);
      this.#failure = failure;
      this.#events.next({ type: "queue-warning", message: failure.message, cause: error });
      for (const worker of this.#workers) worker.fail(failure);
    }
  }

  #broken(cause: unknown): MillraceError {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new MillraceError(
      "INTERNAL",
      `The job queue ${this.#file.path} cannot be read or written: ${reason}. Nothing that was answered for is lost; make room or repair the disk, and open it again.`,
      { cause },
    );
  }
}
