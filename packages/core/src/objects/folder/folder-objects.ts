import type { BigIntStats } from "node:fs";
import { type FileHandle, mkdir, open, rename, rm, rmdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { MillraceError } from "../../errors.ts";
import { syncFolder } from "../../sync-folder.ts";
import { bodyPieces } from "../body-pieces.ts";
import {
  byteRange,
  checkKey,
  noSuchObject,
  objectQuery,
  replacedObject,
  storeClosed,
} from "../object-input.ts";
import type { ObjectStore, StoredObject } from "../object-store.ts";
import { type Arrivals, openArrivals } from "./arrivals.ts";
import { keyPath } from "./key-path.ts";
import { listFolder } from "./list-folder.ts";

/** Options of {@link folderObjects}. */
export interface FolderObjectsOptions {
  /** The folder of the store; it is made where there is none. Nothing else should write to it. */
  readonly path: string;
}

/** A store in a folder. */
export interface FolderObjects extends ObjectStore {
  /** The file that an object is, for programs that read files; the object may not be there. Read it, no more. */
  fileOf(key: string): string;
}

const READ_BYTES = 64 * 1024;
/** How often a folder may vanish between its making and its use, by deletions beside. */
const TRIES = 100;

/**
 * Objects as files in a folder, which several processes may share.
 *
 * A key with slashes is a path of folders, and each file is the object as it is. What a crash left half-written is
 * removed when a store of this folder is used for the first time.
 *
 * @example
 * ```ts
 * import { folderObjects } from "@millrace/core/objects";
 *
 * await using store = folderObjects({ path: "objects" });
 * await store.put("uploads/greeting.txt", [Buffer.from("Hello")]);
 * for await (const bytes of store.get("uploads/greeting.txt", { offset: 1, length: 3 })) {
 *   console.log(Buffer.from(bytes).toString()); // ell
 * }
 * console.log((await store.list({ prefix: "uploads/" })).objects.length); // 1
 * ```
 */
export function folderObjects(options: FolderObjectsOptions): FolderObjects {
  const root = resolve(options.path);
  let opening: Promise<Arrivals> | undefined;
  let closed = false;
  const ready = async (signal: AbortSignal | undefined): Promise<Arrivals> => {
    if (closed) throw storeClosed(root);
    signal?.throwIfAborted();
    opening ??= openArrivals(root);
    return await opening.catch((cause: unknown) => {
      opening = undefined;
      throw failure(root, cause);
    });
  };
  const pathOf = (key: string): string => join(root, keyPath(checkKey(key)));
  return {
    fileOf: pathOf,
    apiVersion: 1,
    name: "folder",
    capabilities: { presign: false },
    async put(key, body, putOptions = {}) {
      const target = pathOf(key);
      const arrivals = await ready(putOptions.signal);
      const { path, file } = await arrivals.create().catch((cause: unknown) => {
        throw failure(root, cause);
      });
      try {
        try {
          for await (const piece of bodyPieces(key, body, putOptions)) await file.appendFile(piece);
          await file.sync();
        } finally {
          await file.close();
        }
        putOptions.signal?.throwIfAborted();
        await moveTo(path, target, root);
        return describeFile(key, await stat(target, { bigint: true }));
      } catch (error) {
        await rm(path, { force: true });
        throw isSystemError(error) ? failure(root, error) : error;
      }
    },
    async *get(key, { signal, etag, ...range } = {}) {
      const path = pathOf(key);
      const { from, to } = byteRange(range);
      await ready(signal);
      const file = await openFile(path, key, root);
      try {
        const found = describeFile(key, await file.stat({ bigint: true }));
        if (etag !== undefined && etag !== found.etag) throw replacedObject(key);
        for (let at = from; at < to; ) {
          signal?.throwIfAborted();
          const bytes = Buffer.allocUnsafeSlow(Math.min(READ_BYTES, to - at));
          const { bytesRead } = await file.read(bytes, 0, bytes.length, at);
          if (bytesRead === 0) return;
          at += bytesRead;
          yield bytes.subarray(0, bytesRead);
        }
      } finally {
        await file.close();
      }
    },
    async head(key, { signal } = {}) {
      const path = pathOf(key);
      await ready(signal);
      try {
        return describeFile(key, await stat(path, { bigint: true }));
      } catch (error) {
        throw isMissing(error) ? noSuchObject(key, error) : failure(root, error);
      }
    },
    async list(query = {}) {
      const { prefix, after, limit } = objectQuery(query);
      await ready(query.signal);
      const objects: StoredObject[] = [];
      for await (const { key, path } of listFolder(root, { prefix, after })) {
        query.signal?.throwIfAborted();
        if (objects.length === limit) return { objects, next: objects.at(-1)?.key };
        // It may be deleted by now.
        const found = await stat(path, { bigint: true }).catch(() => undefined);
        if (found !== undefined) objects.push(describeFile(key, found));
      }
      return { objects, next: undefined };
    },
    async delete(key, { signal } = {}) {
      const path = pathOf(key);
      await ready(signal);
      try {
        await rm(path);
        await syncFolder(dirname(path));
        await removeEmpty(dirname(path), root);
      } catch (error) {
        if (!isMissing(error)) throw failure(root, error);
      }
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      const arrivals = await opening?.catch(() => undefined);
      await arrivals?.remove();
    },
  };
}

/** Gives a complete file its name, in a way that survives a crash. */
async function moveTo(path: string, target: string, root: string): Promise<void> {
  const folder = dirname(target);
  for (let tries = 1; ; tries++) {
    await mkdir(folder, { recursive: true });
    try {
      await rename(path, target);
      break;
    } catch (error) {
      // Somebody who deleted the last object of the folder took the folder, too.
      if (!isMissing(error) || tries === TRIES) throw error;
    }
  }
  for (let at = folder; at.length >= root.length; at = dirname(at)) await syncFolder(at);
}

/** Folders of keys go with their last object. */
async function removeEmpty(folder: string, root: string): Promise<void> {
  for (let at = folder; at.length > root.length; at = dirname(at)) {
    const removed = await rmdir(at).then(
      () => true,
      () => false,
    );
    if (!removed) return;
  }
}

async function openFile(path: string, key: string, root: string): Promise<FileHandle> {
  try {
    return await open(path, "r");
  } catch (error) {
    throw isMissing(error) ? noSuchObject(key, error) : failure(root, error);
  }
}

/** A file is never written to after it has its name, so its number and time tell it from any other. */
function describeFile(key: string, { ino, size, mtimeNs }: BigIntStats): StoredObject {
  return {
    key,
    sizeBytes: Number(size),
    etag: `"${ino.toString(16)}-${mtimeNs.toString(16)}-${size.toString(16)}"`,
    modifiedMs: Number(mtimeNs / 1_000_000n),
  };
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error;
}

function isMissing(error: unknown): boolean {
  return isSystemError(error) && (error.code === "ENOENT" || error.code === "ENOTDIR");
}

function failure(root: string, cause: unknown): MillraceError {
  if (MillraceError.is(cause)) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new MillraceError("REMOTE_FAILED", `The object store ${root} fails: ${reason}.`, {
    cause,
  });
}
