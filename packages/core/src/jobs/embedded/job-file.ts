import { randomUUID } from "node:crypto";
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { link, mkdir, rm } from "node:fs/promises";
import { dirname } from "node:path";
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import { MillraceError } from "../../errors.ts";
import { syncFolder } from "../../sync-folder.ts";
import type { JobLogLine, JobState } from "../job.ts";
import type { JobRecord } from "./job-record.ts";

const VERSION = 1;
const BUSY = 5;
const PAGE_BYTES = 4_096;

// Every change of the number of jobs is counted in the transaction that makes it, so that a page of the file
// that is lost or old is noticed.
const SCHEMA = `
  PRAGMA user_version = ${VERSION};
  CREATE TABLE job (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, state TEXT NOT NULL,
    priority INTEGER NOT NULL, due INTEGER, finished INTEGER, record TEXT NOT NULL, sum INTEGER NOT NULL);
  CREATE INDEX job_order ON job (state, priority DESC, seq);
  CREATE INDEX job_due ON job (due) WHERE due IS NOT NULL;
  CREATE INDEX job_finished ON job (state, finished);
  CREATE TABLE log (
    job INTEGER NOT NULL, line INTEGER NOT NULL, at INTEGER NOT NULL, text TEXT NOT NULL,
    PRIMARY KEY (job, line)) WITHOUT ROWID;
  CREATE TABLE total (jobs INTEGER NOT NULL);
  INSERT INTO total VALUES (0);
  CREATE TRIGGER job_added AFTER INSERT ON job BEGIN UPDATE total SET jobs = jobs + 1; END;
  CREATE TRIGGER job_removed AFTER DELETE ON job BEGIN
    UPDATE total SET jobs = jobs - 1; DELETE FROM log WHERE job = OLD.seq; END;`;

interface Row {
  readonly seq: number;
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly priority: number;
  readonly due: number | null;
  readonly finished: number | null;
  readonly record: string;
  readonly sum: number;
}

/** A record and its place in the order of adding. */
export interface PlacedRecord {
  readonly seq: number;
  readonly record: JobRecord;
}

/** Which records to read. */
export interface RecordQuery {
  readonly states: readonly JobState[] | undefined;
  readonly kind: string | undefined;
  /** Only those that were added before this one. */
  readonly before: number;
  readonly limit: number;
}

/** The SQLite file of an embedded queue: held by one process, checked when it is opened. */
export class JobFile {
  readonly path: string;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  private constructor(path: string, database: DatabaseSync) {
    this.path = path;
    this.#database = database;
  }

  /**
   * @throws MillraceError INVALID_OPTION when it is in use or cannot be made; CORRUPT_INPUT when it is damaged
   */
  static async open(path: string): Promise<JobFile> {
    // Here and not above: before Node 24 the module prints a warning when it is loaded.
    const { DatabaseSync } = await import("node:sqlite");
    let database: DatabaseSync | undefined;
    try {
      if (!existsSync(path)) await create(path, DatabaseSync);
      // SQLite would take it for a new one. It is not read here: whoever closes a file, in this process, gives up
      // every lock of the process on it, and so that of a queue that has it open.
      if (statSync(path).size < PAGE_BYTES) throw damaged(path, "it is too short");
      database = new DatabaseSync(path);
      // The lock is the system's: it ends with the process, however that ends.
      database.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT");
      // Unlike a write-ahead log, whose damaged end would be dropped in silence.
      database.exec("PRAGMA journal_mode = TRUNCATE; PRAGMA synchronous = FULL");
      const file = new JobFile(path, database);
      file.#check();
      return file;
    } catch (error) {
      if (database?.isOpen) database.close();
      throw openError(path, error);
    }
  }

  /** Everything in it happens, and survives a crash of the machine, or nothing does. */
  transaction<T>(change: () => T): T {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      const result = change();
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  insert(record: JobRecord): PlacedRecord {
    const { lastInsertRowid } = this.#run(
      "INSERT INTO job (id, kind, state, priority, due, finished, record, sum) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      ...columns(record),
    );
    return { seq: Number(lastInsertRowid), record };
  }

  update({ seq, record }: PlacedRecord): void {
    this.#run(
      "UPDATE job SET id = ?, kind = ?, state = ?, priority = ?, due = ?, finished = ?, record = ?, sum = ? WHERE seq = ?",
      ...columns(record),
      seq,
    );
  }

  delete(id: string): void {
    this.#run("DELETE FROM job WHERE id = ?", id);
  }

  byId(id: string): PlacedRecord | undefined {
    return this.#one("SELECT * FROM job WHERE id = ?", id);
  }

  /** The job whose turn it is. */
  nextWaiting(): PlacedRecord | undefined {
    return this.#one(
      "SELECT * FROM job WHERE state = 'waiting' ORDER BY priority DESC, seq LIMIT 1",
    );
  }

  withState(state: JobState): readonly PlacedRecord[] {
    return this.#all("SELECT * FROM job WHERE state = ? ORDER BY seq", state);
  }

  /** Delayed jobs whose time has come. */
  due(nowMs: number): readonly PlacedRecord[] {
    return this.#all("SELECT * FROM job WHERE due <= ? ORDER BY due, seq", nowMs);
  }

  /** When the next delayed job is due. */
  nextDueMs(): number | undefined {
    const row = this.#prepare("SELECT min(due) AS due FROM job WHERE due IS NOT NULL").get();
    return (row?.["due"] as number | null) ?? undefined;
  }

  list({ states, kind, before, limit }: RecordQuery): readonly PlacedRecord[] {
    const state = states === undefined ? "" : `AND state IN (${states.map(() => "?").join(", ")})`;
    const ofKind = kind === undefined ? "" : "AND kind = ?";
    return this.#all(
      `SELECT * FROM job WHERE seq < ? ${state} ${ofKind} ORDER BY seq DESC LIMIT ?`,
      ...[before, ...(states ?? []), ...(kind === undefined ? [] : [kind]), limit],
    );
  }

  /** Deletes the oldest finished jobs of these states beyond so many. */
  trim(states: readonly JobState[], keep: number): void {
    const marks = states.map(() => "?").join(", ");
    this.#run(
      `DELETE FROM job WHERE seq IN (SELECT seq FROM job WHERE state IN (${marks}) ORDER BY finished DESC, seq DESC LIMIT -1 OFFSET ?)`,
      ...states,
      keep,
    );
  }

  /** Appends lines to the log of a job and deletes those beyond the newest `keep`. */
  appendLog(seq: number, lines: readonly JobLogLine[], keep: number): void {
    for (const { line, atMs, text } of lines) {
      this.#run("INSERT INTO log VALUES (?, ?, ?, ?)", seq, line, atMs, text);
    }
    const last = lines.at(-1)?.line ?? 0;
    this.#run("DELETE FROM log WHERE job = ? AND line <= ?", seq, last - keep);
  }

  logLines(seq: number, after: number, limit: number): readonly JobLogLine[] {
    const rows = this.#prepare(
      "SELECT line, at AS atMs, text FROM log WHERE job = ? AND line > ? ORDER BY line LIMIT ?",
    ).all(seq, after, limit);
    return rows.map((row) => ({ ...row })) as unknown as readonly JobLogLine[];
  }

  close(): void {
    this.#database.close();
  }

  #check(): void {
    const version = this.#prepare("PRAGMA user_version").get()?.["user_version"];
    if (version !== VERSION) throw damaged(this.path, `its version is ${version}`);
    const said = this.#prepare("PRAGMA integrity_check(1)").get()?.["integrity_check"];
    if (said !== "ok") throw damaged(this.path, String(said));
    let jobs = 0;
    for (const row of this.#prepare("SELECT * FROM job").iterate()) {
      parse(row as unknown as Row, this.path);
      jobs += 1;
    }
    const total = this.#prepare("SELECT jobs FROM total").get()?.["jobs"];
    if (total !== jobs) throw damaged(this.path, `it holds ${jobs} jobs and should hold ${total}`);
  }

  #one(sql: string, ...values: readonly SQLInputValue[]): PlacedRecord | undefined {
    const row = this.#prepare(sql).get(...values);
    return row === undefined ? undefined : parse(row as unknown as Row, this.path);
  }

  #all(sql: string, ...values: readonly SQLInputValue[]): readonly PlacedRecord[] {
    const rows = this.#prepare(sql).all(...values);
    return rows.map((row) => parse(row as unknown as Row, this.path));
  }

  #run(sql: string, ...values: readonly SQLInputValue[]): { lastInsertRowid: number | bigint } {
    return this.#prepare(sql).run(...values);
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

/**
 * Makes the file under another name first: one that is there was complete once, so an empty one is damage and
 * no new queue.
 */
async function create(path: string, Database: typeof DatabaseSync): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${randomUUID()}.new`;
  try {
    const database = new Database(temporary);
    database.exec(`PRAGMA page_size = ${PAGE_BYTES}; BEGIN; ${SCHEMA} COMMIT`);
    database.close();
    // Unlike a rename, it does not replace what another process has made meanwhile.
    await link(temporary, path).catch((error: unknown) => {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    });
    await syncFolder(dirname(path));
  } finally {
    await rm(temporary, { force: true });
  }
}

function columns(record: JobRecord): SQLInputValue[] {
  const { id, kind, state, priority, delayedUntilMs, finishedMs } = record;
  const text = JSON.stringify(record);
  const due = state === "delayed" ? (delayedUntilMs ?? 0) : null;
  return [id, kind, state, priority, due, finishedMs ?? null, text, crc32(text)];
}

function parse(row: Row, path: string): PlacedRecord {
  const intact = crc32(row.record) === row.sum;
  const record = intact ? (JSON.parse(row.record) as JobRecord) : undefined;
  const same =
    record?.id === row.id &&
    record.kind === row.kind &&
    record.state === row.state &&
    record.priority === row.priority &&
    (record.finishedMs ?? null) === row.finished;
  if (record === undefined || !same) throw damaged(path, `the record of job ${row.id} has changed`);
  return { seq: row.seq, record };
}

function damaged(path: string, how: string, cause?: unknown): MillraceError {
  return new MillraceError(
    "CORRUPT_INPUT",
    `The job queue ${path} is damaged: ${how}. It was left as it is; bring it back from a backup, or move it away to begin with an empty one.`,
    cause === undefined ? {} : { cause },
  );
}

function openError(path: string, error: unknown): MillraceError {
  if (MillraceError.is(error)) return error;
  const reason = error instanceof Error ? error.message : String(error);
  const extended = error instanceof Error && "errcode" in error ? Number(error.errcode) : undefined;
  const code = extended === undefined ? undefined : extended & 0xff;
  if (code === BUSY) {
    return new MillraceError(
      "INVALID_OPTION",
      `The job queue ${path} is in use by another process, or was opened twice in this one. It belongs to one process at a time; use bullmqJobs for several.`,
      { cause: error },
    );
  }
  // SQLITE_CORRUPT, SQLITE_NOTADB, and what a damaged schema leads to.
  if (code === 11 || code === 26 || code === 1) return damaged(path, reason, error);
  // SQLITE_READONLY: the file says that it was written by a later SQLite, which it never is.
  if (extended === 8 && isWritable(path)) return damaged(path, reason, error);
  return new MillraceError("INVALID_OPTION", `The job queue ${path} cannot be opened: ${reason}.`, {
    cause: error,
  });
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
