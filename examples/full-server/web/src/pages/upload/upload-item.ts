import type { Target } from "../../api/types.ts";

/** Weight of the newest measurement in the speed that is shown. */
const NEWEST = 0.3;
/** Measurements over less time than this are noise. */
const MEASURE_MS = 250;
const ACCEPTED = [".zip", ".7z", ".tgz", ".tar.gz", ".dat"];

/** For the file dialog. */
export const ACCEPTED_TYPES: string = ACCEPTED.join(",");

/**
 * `refused`: the server cannot take it, so there is no point in trying again. `unfinished`: begun
 * before the page was loaded; the browser no longer has the file.
 */
export type UploadState =
  | "waiting"
  | "uploading"
  | "failed"
  | "cancelled"
  | "refused"
  | "unfinished";

/** One file on its way to the server. */
export interface UploadItem {
  readonly id: string;
  readonly filename: string;
  readonly sizeBytes: number;
  readonly target: Target;
  readonly state: UploadState;
  readonly sentBytes: number;
  readonly bytesPerSecond: number;
  /** What went wrong, or why it is not moving. */
  readonly message: string | undefined;
  readonly measuredAtMs: number;
  readonly measuredBytes: number;
}

/** A new item in its waiting state. */
export function newItem(
  file: { readonly name: string; readonly size: number },
  { id, target }: { id: string; target: Target },
): UploadItem {
  return {
    id,
    filename: file.name,
    sizeBytes: file.size,
    target,
    state: "waiting",
    sentBytes: 0,
    bytesPerSecond: 0,
    message: undefined,
    measuredAtMs: 0,
    measuredBytes: 0,
  };
}

/** Why a file need not be sent at all, if so. */
export function refusalOf(
  file: { readonly name: string; readonly size: number },
  maxUploadBytes: number,
): string | undefined {
  const name = file.name.toLowerCase();
  if (!ACCEPTED.some((ending) => name.endsWith(ending))) {
    return "This is no archive that can be read. Choose .zip, .7z or .tgz files.";
  }
  if (file.size === 0) return "The file is empty. Copy it from the array again.";
  if (file.size > maxUploadBytes) return "The file is larger than this server accepts.";
  return undefined;
}

/** The next ones to start, so that at most `limit` are on their way at once. */
export function itemsToStart(items: readonly UploadItem[], limit: number): readonly UploadItem[] {
  const moving = items.filter(({ state }) => state === "uploading").length;
  const waiting = items.filter(({ state }) => state === "waiting");
  return waiting.slice(0, Math.max(0, limit - moving));
}

/** The item after it was started or has moved on. */
export function withProgress(item: UploadItem, sentBytes: number, nowMs: number): UploadItem {
  const moved = { ...item, sentBytes, message: undefined };
  if (item.measuredAtMs === 0) return { ...moved, measuredAtMs: nowMs, measuredBytes: sentBytes };
  const elapsedMs = nowMs - item.measuredAtMs;
  if (elapsedMs < MEASURE_MS) return moved;
  const now = (Math.max(0, sentBytes - item.measuredBytes) * 1000) / elapsedMs;
  const before = item.bytesPerSecond;
  return {
    ...moved,
    bytesPerSecond: before === 0 ? now : before + NEWEST * (now - before),
    measuredAtMs: nowMs,
    measuredBytes: sentBytes,
  };
}

/** What all items that are on their way or will be come to. */
export interface UploadTotals {
  readonly uploading: number;
  readonly waiting: number;
  readonly sentBytes: number;
  readonly sizeBytes: number;
  readonly bytesPerSecond: number;
}

/** Adds up what is left to do. */
export function totalsOf(items: readonly UploadItem[]): UploadTotals {
  const active = items.filter(({ state }) => state === "uploading" || state === "waiting");
  const sum = (of: (item: UploadItem) => number) =>
    active.reduce((total, item) => total + of(item), 0);
  const uploading = active.filter(({ state }) => state === "uploading").length;
  return {
    uploading,
    waiting: active.length - uploading,
    sentBytes: sum((item) => item.sentBytes),
    sizeBytes: sum((item) => item.sizeBytes),
    bytesPerSecond: sum((item) => (item.state === "uploading" ? item.bytesPerSecond : 0)),
  };
}
