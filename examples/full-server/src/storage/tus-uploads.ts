import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { MillraceError } from "@millrace/core";
import { FileStore } from "@tus/file-store";
import { Server, type Upload } from "@tus/server";
import type { StorageServices } from "./services.ts";
import { checkUpload, finishUpload } from "./uploads.ts";

/** An upload that nobody goes on with is deleted after so long. */
const UNFINISHED_MS = 2 * 86_400_000;
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
export class TusUploads {
  readonly #services: StorageServices;
  readonly #store: FileStore;
  readonly server: Server;

  constructor(services: StorageServices, path: string) {
    const { folders, settings } = services;
    this.#services = services;
    this.#store = new FileStore({
      directory: folders.incoming,
      expirationPeriodInMilliseconds: UNFINISHED_MS,
    });
    this.server = new Server({
      path,
      datastore: this.#store,
      maxSize: settings.maxUploadBytes,
      // Left out, it would let pages of every origin upload.
      allowedOrigins: [...settings.corsOrigins],
      // Behind a proxy the address of the server is not the one that the browser knows.
      relativeLocation: true,
      async onUploadCreate(_request, { metadata }) {
        try {
          checkUpload(metadata?.["filename"] ?? undefined, metadata?.["target"] ?? undefined);
          return {};
        } catch (error) {
          throw asTus(error);
        }
      },
      onUploadFinish: async (_request, upload) => {
        try {
          await this.#finish(upload);
          return {};
        } catch (error) {
          throw asTus(error);
        }
      },
    });
  }

  /** What a crash left: uploads that are complete become jobs, old ones that are not go. */
  async recover(): Promise<void> {
    await this.server.cleanUpExpiredUploads();
    for (const id of (await this.#store.configstore.list?.()) ?? []) {
      const upload = await this.#store.getUpload(id).catch(() => undefined);
      if (upload?.size === undefined || upload.offset !== upload.size) continue;
      await this.#finish(upload).catch(async (error: unknown) => {
        if (!MillraceError.is(error) || error.retryable) throw error;
        await this.#store.remove(id);
      });
    }
  }

  async #finish({ id, metadata }: Upload): Promise<void> {
    const path = join(this.#services.folders.incoming, id);
    const about = checkUpload(
      metadata?.["filename"] ?? undefined,
      metadata?.["target"] ?? undefined,
    );
    const { size: sizeBytes } = await stat(path);
    try {
      await finishUpload(
        { ...about, id, sizeBytes, source: "upload" },
        createReadStream(path),
        this.#services,
      );
    } catch (error) {
      if (MillraceError.is(error) && error.code === "CORRUPT_INPUT") await this.#store.remove(id);
      throw error;
    }
    await this.#store.remove(id);
  }
}

/** What the tus server answers with. */
function asTus(error: unknown): unknown {
  if (!MillraceError.is(error)) return error;
  return { status_code: HTTP_STATUS[error.code] ?? 500, body: error.message };
}
