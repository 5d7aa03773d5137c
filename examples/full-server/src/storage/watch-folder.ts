import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, lstat, mkdir, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { MillraceError } from "@millrace/core";
import { watch } from "chokidar";
import type { FastifyBaseLogger } from "fastify";
import { archiveName } from "./archive-name.ts";
import { type JobView, viewOf } from "./job-views.ts";
import { moveNew, putAside } from "./put-aside.ts";
import type { StorageServices } from "./services.ts";
import { checkUpload, finishUpload } from "./uploads.ts";

/** Where files go that cannot be loaded, each beside a file that says why. */
const QUARANTINE = "quarantine";
const RETRY_MS = 2_000;
const POLL_MS = 200;
/** No link out of the folder, and no wait for whoever would write to a pipe. */
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** What became of a file: `gone` when it is not there, or none of ours; otherwise why it was not loaded. */
type Outcome =
  | "gone"
  | "done"
  | {
      readonly reason: string;
      readonly final: boolean;
      /** Of the file that the reason is about; absent where it could not be read. */
      readonly id?: string;
    };

/** What tells a file from what it was before. */
interface FilePrint {
  readonly size: number;
  readonly mtimeMs: number;
}

/**
 * Loads what comes into a folder. A file that is whole becomes a job; it is deleted once the database durably holds
 * every sample of it, and moved to `quarantine` when it cannot be read. Nothing is remembered outside the queue: a
 * job's id follows from the file's path, size and time, so a restart finds every file where it was.
 */
export async function watchFolder(
  folder: string,
  services: StorageServices,
  log: FastifyBaseLogger,
): Promise<AsyncDisposable> {
  const root = resolve(folder);
  const { watchQuietMs, watchAttempts } = services.settings;
  await mkdir(join(root, QUARANTINE), { recursive: true });
  const stop = new AbortController();
  const busy = new Map<string, Promise<void>>();
  const watcher = watch(root, {
    followSymlinks: false,
    ignored: (path) => {
      const inside = relative(root, path).split(sep);
      return inside[0] === QUARANTINE || basename(path).startsWith(".");
    },
    // Each file waits for itself: one that grows for hours holds up no other.
    awaitWriteFinish: { stabilityThreshold: watchQuietMs, pollInterval: POLL_MS },
  });
  /** Changed while they were at work: what came since is not loaded yet. */
  const again = new Set<string>();
  const seen = (path: string): void => {
    if (stop.signal.aborted || !isArchive(path)) return;
    if (busy.has(path)) {
      again.add(path);
      return;
    }
    const work = takeIn(path).catch((error: unknown) => {
      if (!stop.signal.aborted) log.error({ err: error, path }, "watched file");
    });
    busy.set(
      path,
      work.finally(() => {
        busy.delete(path);
        if (again.delete(path)) seen(path);
      }),
    );
  };
  watcher.on("add", seen);
  watcher.on("change", seen);
  watcher.on("error", (error) => log.error({ err: error }, "watched folder"));
  return {
    async [Symbol.asyncDispose]() {
      stop.abort(new MillraceError("ABORTED", "The watching of the folder ends."));
      await watcher.close();
      await Promise.all(busy.values());
    },
  };

  async function takeIn(path: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const outcome = await load(path);
      if (outcome === "gone" || outcome === "done") return;
      if (outcome.final || attempt >= watchAttempts) {
        await quarantine(path, outcome);
        return;
      }
      log.warn({ path, reason: outcome.reason }, "watched file: trying again");
      await pause(RETRY_MS * attempt, undefined, { signal: stop.signal });
    }
  }

  async function load(path: string): Promise<Outcome> {
    let file: FileHandle;
    try {
      file = await open(path, READ);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      // A link is not followed: it may lead to what the folder's users must not read.
      if (code === "ENOENT" || code === "ELOOP") return "gone";
      return { reason: `The file cannot be read: ${message}`, final: false };
    }
    try {
      const found = await file.stat();
      return found.isFile() ? await loadOpened(path, file, found) : "gone";
    } finally {
      await file.close();
    }
  }

  async function loadOpened(path: string, file: FileHandle, found: FilePrint): Promise<Outcome> {
    const id = idOf(path, found);
    const mark = `watched/${id}`;
    if (services.settings.watchKeep && (await isThere(mark))) return "done";
    try {
      const about = checkUpload(basename(path), "grafana");
      const { state } = await finishUpload(
        { ...about, id, sizeBytes: found.size, source: "watch" },
        unchanged(path, file, id),
        services,
        stop.signal,
      );
      // It failed before, and somebody put it back.
      if (state === "failed" || state === "cancelled") await services.queue.change(id, "retry");
    } catch (error) {
      stop.signal.throwIfAborted();
      if (!MillraceError.is(error)) throw error;
      return { id, reason: error.message, final: error.code === "UNSUPPORTED" };
    }
    const job = await finished(id);
    if (job === undefined) return { id, reason: `Its job ${id} was removed.`, final: true };
    if (job.state !== "done" || job.report?.complete !== true) {
      return { id, reason: reasonOf(job), final: true };
    }
    if (services.settings.watchKeep) await services.objects.put(mark, [Buffer.from(path)]);
    else if (!(await removeLoaded(path, id))) return "done";
    log.info({ path, job: id }, "watched file: loaded");
    return "done";
  }

  async function isThere(mark: string): Promise<boolean> {
    try {
      await services.objects.head(mark);
      return true;
    } catch (error) {
      if (MillraceError.is(error) && error.code === "NOT_FOUND") return false;
      throw error;
    }
  }

  /** The queue may be worked on by other processes, so it is asked. */
  async function finished(id: string): Promise<JobView | undefined> {
    for (;;) {
      const known = await services.queue.get(id);
      const job = known && viewOf(known);
      if (job === undefined || job.finishedMs !== null) return job;
      await pause(POLL_MS, undefined, { signal: stop.signal });
    }
  }

  async function quarantine(path: string, { id, reason }: Exclude<Outcome, string>): Promise<void> {
    const now = await lstat(path).catch(() => undefined);
    // Another file by now, which will be looked at by itself.
    if (now === undefined || (id !== undefined && idOf(path, now) !== id)) return;
    const name = archiveName(relative(root, path).replaceAll(sep, "_"));
    const target = await putAside(path, join(root, QUARANTINE, name), reason);
    log.warn({ path, target, reason }, "watched file: moved to quarantine");
  }

  /**
   * Deletes what was loaded, and nothing that took its place meanwhile: it looks once the file has a name that nobody
   * else writes to.
   *
   * @returns whether it was still the file
   */
  async function removeLoaded(path: string, id: string): Promise<boolean> {
    const aside = join(dirname(path), `.${id}.loaded`);
    const moved = await rename(path, aside).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return false;
        throw error;
      },
    );
    if (!moved) return false;
    if (idOf(path, await lstat(aside)) !== id) {
      await moveNew(aside, path);
      return false;
    }
    await rm(aside);
    return true;
  }
}

/** The bytes of a file, as long as it stays what it was when it was opened. */
async function* unchanged(path: string, file: FileHandle, id: string): AsyncGenerator<Uint8Array> {
  for await (const piece of file.createReadStream({ autoClose: false, start: 0 })) {
    yield piece as Uint8Array;
  }
  if (idOf(path, await file.stat()) === id) return;
  throw new MillraceError("CORRUPT_INPUT", `${basename(path)} changed while it was read.`);
}

function isArchive(path: string): boolean {
  return /\.(?:zip|7z|tgz|tar\.gz|dat)$/i.test(path);
}

function idOf(path: string, { size, mtimeMs }: FilePrint): string {
  const print = createHash("sha256").update(`${path}\0${size}\0${mtimeMs}`).digest("hex");
  return `watch-${print.slice(0, 32)}`;
}

function reasonOf({ state, error, report }: JobView): string {
  if (error !== null) return error.message;
  if (report === null) return `The load was ${state}.`;
  const { files, problems } = report;
  const lines = problems.map(({ file, problems: said }) => `${file}: ${said.join(" ")}`);
  return [
    `${files.failed + files.partial} of ${files.total} files cannot be read whole.`,
    ...lines,
  ].join("\n");
}
