import { randomUUID } from "node:crypto";
import { constants, type FileHandle, lstat, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { MillraceError } from "@millrace/core";

/**
 * A file that is written under a name of its own, beside the one that it gets when it is complete: a
 * reader sees the old file or the new one and nothing between.
 *
 * Calls are serial: the next one comes after the last one settled.
 */
export class DraftFile {
  readonly #path: string;
  readonly #what: string;
  #handle: FileHandle | undefined;
  #state: "new" | "begun" | "sealed" | "published" | "discarded" = "new";
  #sizeBytes = 0;

  /**
   * @param folder - where the complete file will be
   * @param what - the sink and its option, for messages: `csv: /data/out.csv`
   */
  constructor(folder: string, what: string) {
    this.#path = join(folder, `.millrace-${randomUUID()}.tmp`);
    this.#what = what;
  }

  /** Bytes appended so far. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /**
   * Adds bytes at the end.
   *
   * @throws MillraceError SINK_REJECTED when the disk does not take them
   */
  async append(bytes: Uint8Array): Promise<void> {
    await this.#attempt(async () => {
      const handle = await this.#open();
      await handle.appendFile(bytes);
      this.#sizeBytes += bytes.length;
    });
  }

  /** Gives the file descriptor back until the next `append`. */
  async rest(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await this.#attempt(async () => handle?.close());
  }

  /** Brings everything to the disk; afterwards nothing is appended. */
  async seal(): Promise<void> {
    await this.#attempt(async () => {
      const handle = await this.#open();
      await handle.sync();
    });
    await this.rest();
    this.#state = "sealed";
  }

  /**
   * Gives the sealed file its name; an older file of that name is replaced.
   *
   * @throws MillraceError SINK_REJECTED when something else than a file has that name by now
   */
  async publish(path: string): Promise<void> {
    await this.#attempt(async () => {
      const there = await lstat(path).catch(() => undefined);
      if (there !== undefined && !there.isFile()) throw new Error(`${path} is no ordinary file`);
      await rename(this.#path, path);
      this.#state = "published";
      await syncFolder(dirname(path));
    });
  }

  /** Removes what was not published; never rejects, may be called twice. */
  async discard(): Promise<void> {
    const begun = this.#state === "begun" || this.#state === "sealed";
    if (this.#state !== "published") this.#state = "discarded";
    const handle = this.#handle;
    this.#handle = undefined;
    // The first failure is what matters; a draft that cannot be removed adds nothing to it.
    await handle?.close().catch(() => {});
    if (begun) await rm(this.#path, { force: true }).catch(() => {});
  }

  async #open(): Promise<FileHandle> {
    if (this.#handle !== undefined) return this.#handle;
    const create = this.#state === "new" ? constants.O_CREAT | constants.O_EXCL : 0;
    const handle = await open(this.#path, constants.O_WRONLY | constants.O_APPEND | create);
    this.#handle = handle;
    if (this.#state === "new") this.#state = "begun";
    return handle;
  }

  async #attempt<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new MillraceError(
        "SINK_REJECTED",
        `${this.#what} could not be written: ${reason}. Look at the room on the disk and the permissions of the folder.`,
        { cause, details: { path: this.#path } },
      );
    }
  }
}

/** A rename survives a power cut when the folder has been written; where that cannot be asked for, it is not. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}
