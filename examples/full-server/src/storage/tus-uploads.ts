import { createReadStream } from "node:fs";
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { MillraceError } from "@millrace/core";
import { FileStore } from "@tus/file-store";
import { Server, type Upload } from "@tus/server";
import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from "fastify";
import { hideFolder } from "../hide-folder.ts";
import type { StorageServices } from "./services.ts";
import { checkUpload, finishUpload } from "./uploads.ts";

/** An upload that nobody goes on with is deleted after so long. */
const UNFINISHED_MS = 2 * 86_400_000;
const ID = /^[\w-]+$/;
const HTTP_STATUS: Partial<Record<MillraceError["code"], number>> = {
  UNSUPPORTED: 415,
  INVALID_OPTION: 400,
  CORRUPT_INPUT: 422,
  LIMIT_EXCEEDED: 413,
};

/**
 * Uploads in pieces that go on after a break, by the tus protocol. The bytes are gathered in a folder, since no
 * object store appends; a complete one moves into the store and becomes a job whose id is the upload's.
 */
export class TusUploads implements AsyncDisposable {
  readonly #services: StorageServices;
  readonly #log: FastifyBaseLogger;
  readonly #store: FileStore;
  readonly #server: Server;
  /** Uploads that become jobs right now; a client that asks again waits for the same. */
  readonly #finishing = new Map<string, Promise<void>>();
  readonly #stop = new AbortController();
  #recovering: Promise<void> | undefined;

  constructor(services: StorageServices, path: string, log: FastifyBaseLogger) {
    const { folders, settings } = services;
    this.#services = services;
    this.#log = log;
    this.#store = new FileStore({
      directory: folders.incoming,
      expirationPeriodInMilliseconds: UNFINISHED_MS,
    });
    this.#server = new Server({
      path,
      datastore: this.#store,
      maxSize: settings.maxUploadBytes,
      // Left out, it lets pages of every origin upload.
      ...(settings.allowedOrigins !== "*" && { allowedOrigins: [...settings.allowedOrigins] }),
      // Behind a proxy the address of the server is not the one that the browser knows.
      relativeLocation: true,
      async onUploadCreate(_request, { metadata }) {
        checkUpload(metadata?.["filename"] ?? undefined, metadata?.["target"] ?? undefined);
        return {};
      },
      onUploadFinish: async (_request, upload) => {
        await this.#finish(upload);
        return {};
      },
      onResponseError: (_request, error) => this.#answerOf(error),
    });
  }

  /** Answers a request of the protocol. */
  async handle(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { "*": id = "" } = request.params as { "*"?: string };
    if (request.method === "HEAD" && ID.test(id) && (await this.#headOfFinished(id, reply))) return;
    reply.hijack();
    await this.#server.handle(request.raw, reply.raw);
  }

  /** What a crash left: uploads that are complete become jobs. It goes on beside the requests. */
  recover(): void {
    this.#recovering = (async () => {
      for (const id of await this.#ids()) {
        if (this.#stop.signal.aborted) return;
        const upload = await this.#complete(id);
        if (upload === undefined) continue;
        await this.#finish(upload).catch((error: unknown) => {
          this.#log.warn({ err: error, upload: id }, "upload that was complete");
        });
      }
      await this.clean(Date.now());
    })().catch((error: unknown) => this.#log.error({ err: error }, "uploads of before"));
  }

  /** Deletes what nobody has added to for long, also what a crash left of an upload. */
  async clean(nowMs: number): Promise<void> {
    for (const id of await this.#ids()) {
      if (this.#finishing.has(id)) continue;
      const paths = [this.#pathOf(id), `${this.#pathOf(id)}.json`];
      const times = await Promise.all(
        paths.map((path) =>
          stat(path).then(
            ({ mtimeMs }) => mtimeMs,
            () => 0,
          ),
        ),
      );
      if (nowMs - Math.max(...times) < UNFINISHED_MS) continue;
      for (const path of paths) await rm(path, { force: true });
    }
  }

  /** Those that become jobs stop at it, and do so after the next start. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(
      new MillraceError("CLOSED", "The server stops; the upload goes on when it runs again."),
    );
    await Promise.allSettled([this.#recovering, ...this.#finishing.values()]);
  }

  /**
   * An upload whose last answer was lost is gone from the folder, and the protocol's libraries take that for an
   * upload that never was: they send all of it again, as another job. So it is said to be complete.
   *
   * @returns whether that was the answer
   */
  async #headOfFinished(id: string, reply: FastifyReply): Promise<boolean> {
    const upload = await this.#complete(id);
    reply.header("tus-resumable", "1.0.0").header("cache-control", "no-store");
    try {
      if (upload !== undefined) await this.#finish(upload);
    } catch (error) {
      const { status_code: status } = this.#answerOf(error);
      // Locked: those libraries ask again then, and begin anew after any other status.
      await reply.code(status < 500 ? status : 423).send();
      return true;
    }
    const job = await this.#services.jobs.get(id).catch((error: unknown) => {
      if (MillraceError.is(error) && error.code === "NOT_FOUND") return undefined;
      throw error;
    });
    if (job === undefined) return false;
    reply.header("upload-offset", job.sizeBytes).header("upload-length", job.sizeBytes);
    await reply.code(200).send();
    return true;
  }

  async #finish(upload: Upload): Promise<void> {
    const { id } = upload;
    let finishing = this.#finishing.get(id);
    if (finishing === undefined) {
      finishing = this.#finishAlone(upload).finally(() => this.#finishing.delete(id));
      this.#finishing.set(id, finishing);
    }
    await finishing;
  }

  async #finishAlone({ id, metadata }: Upload): Promise<void> {
    try {
      const about = checkUpload(
        metadata?.["filename"] ?? undefined,
        metadata?.["target"] ?? undefined,
      );
      const path = this.#pathOf(id);
      const { size: sizeBytes } = await stat(path);
      await finishUpload(
        { ...about, id, sizeBytes, source: "upload" },
        createReadStream(path),
        this.#services,
        this.#stop.signal,
      );
    } catch (error) {
      // What cannot be loaded today cannot be tomorrow either.
      if (MillraceError.is(error) && HTTP_STATUS[error.code] !== undefined) await this.#remove(id);
      throw error;
    }
    await this.#remove(id);
  }

  /** The upload, if all its bytes are here. */
  async #complete(id: string): Promise<Upload | undefined> {
    // What a crash left of one may be no JSON; it is of no use.
    const upload = await this.#store.getUpload(id).catch(() => undefined);
    return upload?.size !== undefined && upload.offset === upload.size ? upload : undefined;
  }

  async #remove(id: string): Promise<void> {
    await rm(this.#pathOf(id), { force: true });
    await rm(`${this.#pathOf(id)}.json`, { force: true });
  }

  async #ids(): Promise<ReadonlySet<string>> {
    const names = await readdir(this.#services.folders.incoming);
    return new Set(names.map((name) => name.replace(/\.json$/, "")).filter((id) => ID.test(id)));
  }

  #pathOf(id: string): string {
    return join(this.#services.folders.incoming, id);
  }

  /** What the client reads: our words, or the protocol's; never a path of this machine. */
  #answerOf(error: unknown): { readonly status_code: number; readonly body: string } {
    const { dataFolder } = this.#services.settings;
    if (MillraceError.is(error)) {
      const status = HTTP_STATUS[error.code] ?? (error.code === "CLOSED" ? 503 : 500);
      if (status === 500) this.#log.error({ err: error }, "upload");
      return { status_code: status, body: hideFolder(error.message, dataFolder) };
    }
    const { status_code: status, body } = error as { status_code?: number; body?: string };
    if (status !== undefined && body !== undefined) return { status_code: status, body };
    this.#log.error({ err: error }, "upload");
    if (isFull(error)) {
      const told = "The server's disk is full. Go on with the upload when there is room.\n";
      return { status_code: 507, body: told };
    }
    return {
      status_code: 500,
      body: "Something went wrong here; the server's log says what. Go on with the upload later.\n",
    };
  }
}

function isFull(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOSPC";
}
