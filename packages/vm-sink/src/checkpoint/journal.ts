import { type FileHandle, mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { MillraceError } from "@millrace/core";
import { lockFile } from "./file-lock.ts";

/** What a checkpoint belongs to; another load must not go on from it. */
export interface LoadIdentity {
  /** What is loaded, with everything that changes the order or content of its items. */
  readonly load: string;
  /** Where it is loaded to, without credentials. */
  readonly target: string;
}

/** Tells one life of the database's process from another. */
export interface ServerLife {
  readonly startedSeconds: number;
  /** Rows that it had taken at least at some moment of that life; fewer later means another life. */
  readonly rowsInserted: number;
}

/** One item that was about to be sent, so that it can be found in the database again. */
export interface ItemRecord {
  /** Place in the flow, from 0. */
  readonly item: number;
  /** Which table of the journal its series are of. */
  readonly table: number;
  readonly firstSeries: number;
  readonly seriesCount: number;
  readonly firstMs: number;
  readonly lastMs: number;
  /** Fingerprint of this and all items before it. */
  readonly print: number;
}

/** What a journal says of a load. */
export interface JournalState {
  readonly identity: LoadIdentity;
  /** The life of the server that the accepted mark belongs to. */
  server: ServerLife | undefined;
  /** Keys of the series of each table that a record refers to. */
  readonly tables: Map<number, Float64Array>;
  /** Items from the durable mark on that may have been sent, in order. */
  records: ItemRecord[];
  /** Items that the server had answered for. */
  accepted: number;
  /** Items that survive a crash of the server. */
  durable: number;
  /** Fingerprint of the durable items. */
  durablePrint: number;
  done: boolean;
}

type Line =
  | { readonly millrace: "checkpoint"; readonly version: 1; readonly identity: LoadIdentity }
  | { readonly server: ServerLife }
  | { readonly table: number; readonly keys: string }
  | ItemRecord
  | { readonly accepted: number; readonly rows?: number }
  | { readonly durable: number; readonly print?: number }
  | { readonly done: true };

/** The file is written anew when it has grown by this much since the last time. */
const REWRITE_BYTES = 4 * 1024 * 1024;

/**
 * The file that lets a load go on after a crash: lines of JSON, appended; a torn last line is ignored.
 *
 * An item is recorded, and on the disk, before its first byte is sent ({@link synced}); what was accepted
 * or became durable is recorded afterwards, and losing such a line only means that more is compared.
 */
export class Journal {
  readonly path: string;
  readonly state: JournalState;
  readonly #lock: AsyncDisposable;
  #file: FileHandle;
  #unwritten: string[] = [];
  #grown = 0;
  #appended = 0;
  #synced = 0;
  #wantedSync = 0;
  #pumping: Promise<void> | undefined;
  #failure: MillraceError | undefined;
  readonly #onFailure: (error: MillraceError) => void;

  private constructor(
    path: string,
    state: JournalState,
    file: FileHandle,
    lock: AsyncDisposable,
    onFailure: (error: MillraceError) => void,
  ) {
    this.path = path;
    this.state = state;
    this.#file = file;
    this.#lock = lock;
    this.#onFailure = onFailure;
  }

  /**
   * Opens a journal, or starts one, and holds it for this process.
   *
   * @param onFailure - told once when the journal cannot be written any more
   * @throws MillraceError INVALID_OPTION when it is in use, or belongs to another load
   */
  static async open(
    path: string,
    identity: LoadIdentity,
    onFailure: (error: MillraceError) => void,
  ): Promise<Journal> {
    let lock: AsyncDisposable | undefined;
    try {
      await mkdir(dirname(path), { recursive: true });
      lock = await lockFile(path, `The checkpoint ${path}`);
      const found = await readState(path);
      const state =
        found === undefined || found.done
          ? emptyState(identity)
          : belongingTo(found, identity, path);
      const file = await replaceFile(path, serialize(state));
      return new Journal(path, state, file, lock, onFailure);
    } catch (error) {
      await lock?.[Symbol.asyncDispose]();
      throw MillraceError.is(error) ? error : unwritable(path, error);
    }
  }

  /** Items that may have been sent. */
  get intent(): number {
    const last = this.state.records.at(-1);
    return last === undefined ? this.state.durable : last.item + 1;
  }

  /** The database is another process now: only what is durable is still known to be there. */
  serverLife(life: ServerLife): void {
    this.state.server = life;
    this.state.accepted = this.state.durable;
    this.#append({ server: life });
  }

  /** Names the series of a table, once, before the first record that refers to it. */
  table(table: number, keys: Float64Array): void {
    this.state.tables.set(table, keys);
    this.#append(tableLine(table, keys));
  }

  intend(record: ItemRecord): void {
    this.state.records.push(record);
    this.#append(record);
  }

  /** @param rows - rows that the server must have counted, since it answered for them */
  accepted(items: number, rows: number): void {
    if (items <= this.state.accepted) return;
    this.state.accepted = items;
    hasCounted(this.state, rows);
    this.#append({ accepted: items, rows });
  }

  durable(items: number): void {
    const { state } = this;
    if (items <= state.durable) return;
    const passed = state.records.findIndex(({ item }) => item >= items);
    const settled = passed < 0 ? state.records : state.records.slice(0, passed);
    state.durablePrint = settled.at(-1)?.print ?? state.durablePrint;
    state.records = passed < 0 ? [] : state.records.slice(passed);
    state.durable = items;
    state.accepted = Math.max(state.accepted, items);
    this.#append({ durable: items, print: state.durablePrint });
  }

  /** The load is complete: nothing is left to go on with. */
  async done(): Promise<void> {
    this.state.done = true;
    this.#append({ done: true });
    await this.synced();
  }

  /** Settles once everything appended so far would survive a crash of this machine. */
  async synced(): Promise<void> {
    const wanted = this.#appended;
    this.#wantedSync = wanted;
    while (this.#synced < wanted) {
      if (this.#failure !== undefined) throw this.#failure;
      this.#pumping ??= this.#pump();
      await this.#pumping;
    }
  }

  async close(): Promise<void> {
    await this.#pumping;
    await this.#file.close().catch(() => {});
    await this.#lock[Symbol.asyncDispose]();
  }

  #append(line: Line): void {
    if (this.#failure !== undefined) return;
    this.#unwritten.push(`${JSON.stringify(line)}\n`);
    this.#appended += 1;
    this.#pumping ??= this.#pump();
  }

  /** Writes what is waiting, in order, and syncs when somebody waits for that: many items, one sync. */
  async #pump(): Promise<void> {
    try {
      // Lines appended in the same turn go together.
      await undefined;
      while (this.#unwritten.length > 0 || this.#synced < this.#wantedSync) {
        const upTo = this.#appended;
        const text = this.#unwritten.join("");
        this.#unwritten = [];
        if (this.#grown > REWRITE_BYTES) {
          await this.#rewrite();
          this.#synced = upTo;
          continue;
        }
        if (text !== "") await this.#file.appendFile(text);
        this.#grown += text.length;
        if (this.#synced < this.#wantedSync) {
          await this.#file.datasync();
          this.#synced = upTo;
        }
      }
    } catch (error) {
      this.#failure = unwritable(this.path, error);
      this.#onFailure(this.#failure);
    } finally {
      this.#pumping = undefined;
    }
  }

  /** The state holds all that was appended, so the new file needs nothing of the old one. */
  async #rewrite(): Promise<void> {
    const { state } = this;
    const used = new Set(state.records.map(({ table }) => table));
    const text = serialize(state, used);
    const before = this.#file;
    this.#file = await replaceFile(this.path, text);
    this.#grown = 0;
    await before.close();
  }
}

/**
 * What a journal holds, for asking without going on: undefined where there is none.
 *
 * @throws MillraceError CORRUPT_INPUT when the file is no checkpoint
 */
export async function readState(path: string): Promise<JournalState | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  const lines = text.split("\n");
  // What follows the last newline was torn by a crash, or is nothing.
  lines.pop();
  const [head, ...rest] = lines;
  const header = head === undefined ? undefined : parseLine(head, path);
  // The file is replaced as a whole with its header inside, so it is empty only by somebody's hand.
  if (header === undefined) return undefined;
  if (!("millrace" in header) || header.version !== 1) {
    throw new MillraceError("CORRUPT_INPUT", `${path} is no checkpoint that is known here.`);
  }
  const state = emptyState(header.identity);
  for (const line of rest) apply(state, parseLine(line, path));
  return state;
}

function apply(state: JournalState, line: Line): void {
  if ("server" in line) {
    state.server = line.server;
    state.accepted = state.durable;
  } else if ("keys" in line) state.tables.set(line.table, keysOf(line.keys));
  else if ("item" in line) state.records.push(line);
  else if ("accepted" in line) {
    state.accepted = Math.max(state.accepted, line.accepted);
    hasCounted(state, line.rows ?? 0);
  } else if ("durable" in line) {
    state.durable = line.durable;
    state.durablePrint = line.print ?? 0;
    state.accepted = Math.max(state.accepted, line.durable);
    state.records = state.records.filter(({ item }) => item >= line.durable);
  } else if ("done" in line) state.done = true;
}

function hasCounted(state: JournalState, rows: number): void {
  const { server } = state;
  if (server === undefined || rows <= server.rowsInserted) return;
  state.server = { ...server, rowsInserted: rows };
}

function parseLine(line: string, path: string): Line {
  try {
    const parsed: unknown = JSON.parse(line);
    if (typeof parsed === "object" && parsed !== null) return parsed as Line;
  } catch {
    // Told below.
  }
  throw new MillraceError(
    "CORRUPT_INPUT",
    `${path} is no intact checkpoint: ${line.slice(0, 80)}. Delete it to load everything anew.`,
  );
}

function emptyState(identity: LoadIdentity): JournalState {
  return {
    identity,
    server: undefined,
    tables: new Map(),
    records: [],
    accepted: 0,
    durable: 0,
    durablePrint: 0,
    done: false,
  };
}

function belongingTo(state: JournalState, identity: LoadIdentity, path: string): JournalState {
  const { load, target } = state.identity;
  if (load === identity.load && target === identity.target) return state;
  const what =
    target === identity.target
      ? "of other data: the archive or a setting has changed since"
      : `into ${target}`;
  throw new MillraceError(
    "INVALID_OPTION",
    `The checkpoint ${path} is of an unfinished load ${what}. Finish that load, or delete the file to start anew.`,
  );
}

function serialize(state: JournalState, tables?: ReadonlySet<number>): string {
  const { identity, server, records, accepted, durable, durablePrint } = state;
  const lines: Line[] = [{ millrace: "checkpoint", version: 1, identity }];
  if (server !== undefined) lines.push({ server });
  for (const [table, keys] of state.tables) {
    if (tables === undefined || tables.has(table)) lines.push(tableLine(table, keys));
    else state.tables.delete(table);
  }
  if (durable > 0) lines.push({ durable, print: durablePrint });
  lines.push(...records);
  if (accepted > durable) lines.push({ accepted });
  if (state.done) lines.push({ done: true });
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}

function tableLine(table: number, keys: Float64Array): Line {
  const bytes = Buffer.from(keys.buffer, keys.byteOffset, keys.byteLength);
  return { table, keys: bytes.toString("base64") };
}

function keysOf(text: string): Float64Array {
  const bytes = Buffer.from(text, "base64");
  const keys = new Float64Array(Math.floor(bytes.length / 8));
  Buffer.from(keys.buffer).set(bytes.subarray(0, keys.byteLength));
  return keys;
}

/** Replaces a file so that a crash leaves the old one or the new one, and returns the new one, open at its end. */
async function replaceFile(path: string, text: string): Promise<FileHandle> {
  const temporary = `${path}.new`;
  const file = await open(temporary, "w", 0o600);
  try {
    await file.appendFile(text);
    await file.datasync();
    await rename(temporary, path);
    await syncFolder(dirname(path));
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Makes a rename survive a crash; some systems cannot open a folder, and then need not. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path).catch(() => undefined);
  await folder?.sync().catch(() => {});
  await folder?.close();
}

function unwritable(path: string, cause: unknown): MillraceError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new MillraceError(
    "INVALID_OPTION",
    `The checkpoint ${path} cannot be written: ${reason}. Name another place, or load without one.`,
    { cause },
  );
}
