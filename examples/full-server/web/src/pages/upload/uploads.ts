import { DetailedError, defaultOptions, type PreviousUpload, Upload } from "tus-js-client";
import { apiErrorOf, messageOf } from "../../api/api-error.ts";
import type { Target } from "../../api/types.ts";
import { liveLists } from "../../state/live-lists.ts";
import { authorizationOf, refuseSession, session } from "../../state/session.ts";
import { createStore, type Store } from "../../state/store.ts";
import { itemsToStart, newItem, refusalOf, type UploadItem, withProgress } from "./upload-item.ts";

const ENDPOINT = "/v1/uploads";
const AT_ONCE = 3;
/** Long enough for the server to be started again. */
const RETRY_DELAYS_MS = [500, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000];

/** The files of this browser that are on their way. They go on while other pages are shown. */
export const uploads: Store<readonly UploadItem[]> = createStore<readonly UploadItem[]>([]);

interface Transfer {
  readonly file: File;
  upload?: Upload;
}
const transfers = new Map<string, Transfer>();
const unfinished = new Map<string, PreviousUpload>();

/** Puts files into the queue; what cannot be taken is listed with the reason. */
export function addFiles(files: readonly File[], target: Target): void {
  const limit = liveLists.get().settings?.maxUploadBytes ?? Number.POSITIVE_INFINITY;
  const items = files.map((file) => {
    const item = newItem(file, { id: crypto.randomUUID(), target });
    const double = [...transfers.values()].some((known) => isSame(known.file, file));
    const message = double ? "This file is on its way already." : refusalOf(file, limit);
    if (message !== undefined) return { ...item, state: "refused" as const, message };
    transfers.set(item.id, { file });
    return item;
  });
  uploads.set([...uploads.get(), ...items]);
  startNext();
}

/** Sends the file again, from where it got to. */
export function retryUpload(id: string): void {
  change(id, { state: "waiting", message: undefined, bytesPerSecond: 0, measuredAtMs: 0 });
  startNext();
}

/** Stops it and deletes on the server what has arrived. */
export async function cancelUpload(id: string): Promise<void> {
  const upload = transfers.get(id)?.upload;
  change(id, { state: "cancelled", message: undefined, sentBytes: 0 });
  startNext();
  await upload?.abort(true).catch((error: unknown) => change(id, { message: messageOf(error) }));
}

/** Takes it off the list; of an unfinished one the server deletes what has arrived. */
export async function removeUpload(id: string): Promise<void> {
  const previous = unfinished.get(id);
  drop(id);
  if (previous === undefined) return;
  unfinished.delete(id);
  await defaultOptions.urlStorage?.removeUpload(previous.urlStorageKey);
  if (previous.uploadUrl !== null) {
    await Upload.terminate(previous.uploadUrl, { headers: headersNow() }).catch(() => undefined);
  }
}

/** Lists what this browser began before the page was loaded. */
export async function findUnfinished(): Promise<void> {
  const found = (await defaultOptions.urlStorage?.findAllUploads()) ?? [];
  for (const previous of found) {
    const { uploadUrl, urlStorageKey, size, metadata } = previous;
    if (size === null || uploadUrl === null || isKnown(urlStorageKey)) continue;
    const sentBytes = await offsetOf(uploadUrl);
    if (sentBytes === undefined || sentBytes >= size) {
      await defaultOptions.urlStorage?.removeUpload(urlStorageKey);
      continue;
    }
    const name = metadata["filename"] ?? "unnamed";
    const target = (metadata["target"] ?? "grafana") as Target;
    const item = newItem({ name, size }, { id: crypto.randomUUID(), target });
    unfinished.set(item.id, previous);
    uploads.set([...uploads.get(), { ...item, state: "unfinished", sentBytes }]);
  }
}

function isKnown(urlStorageKey: string): boolean {
  return [...unfinished.values()].some((one) => one.urlStorageKey === urlStorageKey);
}

/** How much of an upload the server has; undefined when it does not know the upload. */
async function offsetOf(uploadUrl: string): Promise<number | undefined> {
  const headers = { ...headersNow(), "tus-resumable": "1.0.0" };
  const response = await fetch(uploadUrl, { method: "HEAD", headers });
  if (response.status === 401) refuseSession();
  // Anything else says nothing about the upload, so it stays on the list.
  if (!response.ok) return [404, 410].includes(response.status) ? undefined : 0;
  return Number(response.headers.get("upload-offset"));
}

function startNext(): void {
  for (const { id } of itemsToStart(uploads.get(), AT_ONCE)) {
    change(id, { state: "uploading" });
    void start(id);
  }
}

async function start(id: string): Promise<void> {
  const transfer = transfers.get(id);
  const item = uploads.get().find((one) => one.id === id);
  if (transfer === undefined || item === undefined) return;
  const upload = new Upload(transfer.file, {
    endpoint: ENDPOINT,
    retryDelays: RETRY_DELAYS_MS,
    removeFingerprintOnSuccess: true,
    metadata: { filename: item.filename, target: item.target },
    headers: headersNow(),
    onProgress: (sentBytes) => edit(id, (now) => withProgress(now, sentBytes, performance.now())),
    onShouldRetry: (error) => {
      const status = statusOf(error);
      const again = status === 0 || status >= 500 || status === 409 || status === 423;
      if (again) {
        change(id, { message: "The connection broke; trying again.", bytesPerSecond: 0 });
      }
      return again;
    },
    onError: (error) => {
      const state = [400, 413, 415, 422].includes(statusOf(error)) ? "refused" : "failed";
      if (statusOf(error) === 401) refuseSession();
      if (state === "refused") void forget(upload);
      change(id, { state, message: reasonOf(error), bytesPerSecond: 0 });
      startNext();
    },
    // From here on it is a job, and the list of jobs shows it.
    onSuccess: () => {
      drop(id);
      startNext();
    },
  });
  transfer.upload = upload;
  const previous = await upload.findPreviousUploads();
  const newest = previous.toSorted((a, b) => b.creationTime.localeCompare(a.creationTime))[0];
  if (newest !== undefined) takeOver(id, newest, upload);
  // Cancelled in the meantime.
  if (uploads.get().find((one) => one.id === id)?.state !== "uploading") return;
  upload.start();
}

/** What the server refused is not to be gone on with after the page is loaded again. */
async function forget({ url }: Upload): Promise<void> {
  const found = (await defaultOptions.urlStorage?.findAllUploads()) ?? [];
  for (const { uploadUrl, urlStorageKey } of found) {
    if (uploadUrl === url) await defaultOptions.urlStorage?.removeUpload(urlStorageKey);
  }
}

/** The same file was begun earlier: it goes on from there, to the target it was meant for. */
function takeOver(id: string, previous: PreviousUpload, upload: Upload): void {
  upload.resumeFromPreviousUpload(previous);
  change(id, { target: (previous.metadata["target"] ?? "grafana") as Target });
  for (const [itemId, one] of unfinished) {
    if (one.urlStorageKey !== previous.urlStorageKey) continue;
    unfinished.delete(itemId);
    drop(itemId);
  }
}

function statusOf(error: Error): number {
  return (error instanceof DetailedError && error.originalResponse?.getStatus()) || 0;
}

function reasonOf(error: Error): string {
  const response = error instanceof DetailedError ? error.originalResponse : null;
  if (response == null) return "The server cannot be reached. Try again when it runs.";
  return apiErrorOf(response.getStatus(), response.getBody()).message;
}

function headersNow(): Record<string, string> {
  return { ...authorizationOf(session.get()) };
}

function isSame(a: File, b: File): boolean {
  return a.name === b.name && a.size === b.size && a.lastModified === b.lastModified;
}

function drop(id: string): void {
  transfers.delete(id);
  uploads.set(uploads.get().filter((item) => item.id !== id));
}

function change(id: string, part: Partial<UploadItem>): void {
  edit(id, (item) => ({ ...item, ...part }));
}

function edit(id: string, next: (item: UploadItem) => UploadItem): void {
  uploads.set(uploads.get().map((item) => (item.id === id ? next(item) : item)));
}

addEventListener("beforeunload", (event) => {
  if (uploads.get().some(({ state }) => state === "uploading" || state === "waiting")) {
    event.preventDefault();
  }
});
