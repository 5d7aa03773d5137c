import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, join, relative, resolve, sep } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { MillraceError } from "@millrace/core";
import { watch } from "chokidar";
import type { FastifyBaseLogger } from "fastify";
import type { JobView } from "./job-views.ts";
import type { StorageServices } from "./services.ts";
import { checkUpload, finishUpload } from "./uploads.ts";

/** Where files go that cannot be loaded, each beside a file that says why. */
const QUARANTINE = "quarantine";
const RETRY_MS = 2_000;
const POLL_MS = 200;

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
  const seen = (path: string): void => {
    if (busy.has(path) || stop.signal.aborted || !isArchive(path)) return;
    const work = takeIn(path).catch((error: unknown) => {
      if (!stop.signal.aborted) log.error({ err: error, path }, "watched file");
    });
    busy.set(
      path,
      work.finally(() => busy.delete(path)),
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
        await quarantine(path, outcome.reason);
        return;
      }
      log.warn({ path, reason: outcome.reason }, "watched file: trying again");
      await pause(RETRY_MS * attempt, undefined, { signal: stop.signal });
    }
  }

  async function load(
    path: string,
  ): Promise<"gone" | "done" | { readonly reason: string; readonly final: boolean }> {
    const found = await stat(path).catch(() => undefined);
    if (found === undefined) return "gone";
    const id = idOf(path, found);
    const mark = `watched/${id}`;
    if (await isKept(mark)) return "done";
    try {
      const about = checkUpload(basename(path), "grafana");
      const body = createReadStream(path);
      const sizeBytes = found.size;
      await finishUpload({ ...about, id, sizeBytes, source: "watch" }, body, services, stop.signal);
    } catch (error) {
      stop.signal.throwIfAborted();
      if (!MillraceError.is(error)) throw error;
      return { reason: error.message, final: error.code === "UNSUPPORTED" };
    }
    const job = await finished(id);
    if (job.state !== "done" || job.report?.complete !== true) {
      return { reason: reasonOf(job), final: true };
    }
    // What changed since was not loaded.
    const now = await stat(path).catch(() => undefined);
    if (now === undefined || idOf(path, now) !== id) return "done";
    if (services.settings.watchKeep) await services.objects.put(mark, [Buffer.from(path)]);
    else await rm(path);
    log.info({ path, job: id }, "watched file: loaded");
    return "done";
  }

  async function isKept(mark: string): Promise<boolean> {
    if (!services.settings.watchKeep) return false;
    return await services.objects.head(mark).then(
      () => true,
      () => false,
    );
  }

  /** The queue may be worked on by other processes, so it is asked. */
  async function finished(id: string): Promise<JobView> {
    for (;;) {
      const job = await services.jobs.get(id);
      if (job.finishedMs !== null) return job;
      await pause(POLL_MS, undefined, { signal: stop.signal });
    }
  }

  async function quarantine(path: string, reason: string): Promise<void> {
    const name = relative(root, path).replaceAll(sep, "_");
    const target = join(root, QUARANTINE, name);
    await rename(path, target);
    await writeFile(`${target}.reason.txt`, `${reason}\n`);
    log.warn({ path, reason }, "watched file: moved to quarantine");
  }
}

function isArchive(path: string): boolean {
  return /\.(?:zip|7z|tgz|tar\.gz|dat)$/i.test(path);
}

function idOf(path: string, { size, mtimeMs }: { size: number; mtimeMs: number }): string {
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
