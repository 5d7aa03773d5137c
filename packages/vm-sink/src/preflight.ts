import { gridRange, type Labels, MillraceError, type SeriesBatch } from "@millrace/core";
import { byteSize } from "./wire/byte-size.ts";
import { durationMs } from "./wire/retention.ts";
import type { ServerState } from "./wire/server-state.ts";

const DAY_MS = 86_400_000;
/** `-futureRetention`, where the server has the flag at all. */
const DEFAULT_FUTURE_MS = 2 * DAY_MS;
/** `-retentionPeriod`: one month. */
const DEFAULT_RETENTION_MS = 31 * DAY_MS;

/** What a server will take, read from its flags before the first byte is sent. */
export interface ServerLimits {
  /** Oldest time that it keeps, Unix milliseconds. */
  readonly oldestMs: number;
  /** Newest time that it takes, Unix milliseconds. */
  readonly newestMs: number;
  readonly maxLabels: number;
  readonly maxLabelNameBytes: number;
  readonly maxLabelValueBytes: number;
  /** Largest request body before compression. */
  readonly maxBodyBytes: number;
}

/** Reads a server's limits; what it does not say is taken as its documented default. */
export function serverLimits(state: ServerState, nowMs: number): ServerLimits {
  const flag = (name: string): string | undefined => state.flags.get(name);
  const size = (name: string, fallback: number): number => byteSize(flag(name) ?? "") || fallback;
  // Only a server that stores knows how long; what is in front of it cannot be asked.
  const stores = state.kind === "single";
  const retentionMs =
    durationMs(flag("retentionPeriod") ?? "") ?? (stores ? DEFAULT_RETENTION_MS : Infinity);
  const futureMs =
    durationMs(flag("futureRetention") ?? "") ?? (stores ? DEFAULT_FUTURE_MS : Infinity);
  const cutsLabels = stores || state.kind === "cluster";
  const ofLabels = (name: string, fallback: number): number =>
    size(name, cutsLabels ? fallback : Infinity);
  return {
    // However long the retention, it stores no times before 1970.
    oldestMs: Math.max(0, nowMs - retentionMs),
    newestMs: nowMs + futureMs,
    maxLabels: ofLabels("maxLabelsPerTimeseries", 30),
    maxLabelNameBytes: ofLabels("maxLabelNameLen", 256),
    maxLabelValueBytes: ofLabels("maxLabelValueLen", 1024),
    maxBodyBytes: size("maxInsertRequestSize", 32 * 1024 * 1024),
  };
}

/**
 * Whether the server keeps one of several equal samples, whatever the interval: such a sample may be sent
 * twice without harm.
 */
export function deduplicates({ flags }: ServerState): boolean {
  return (durationMs(flags.get("dedup.minScrapeInterval") ?? "") ?? 0) > 0;
}

/**
 * Refuses a batch that the server would silently drop: it answers 204 to samples outside its retention
 * and only counts them.
 *
 * @throws MillraceError SINK_REJECTED naming the series or the times, and the flag to change
 */
export function checkBatch(batch: SeriesBatch, limits: ServerLimits, shown: string): void {
  if (batch.values.length === 0) return;
  const { firstMs, lastMs } = gridRange(batch.grid);
  if (firstMs < limits.oldestMs) {
    throw new MillraceError(
      "SINK_REJECTED",
      `The data begins ${day(firstMs)}, but the database at ${shown} keeps nothing older than ${day(limits.oldestMs)} and would drop it silently. Start it with a longer retention, such as -retentionPeriod=100y.`,
      { details: { firstMs, oldestMs: limits.oldestMs } },
    );
  }
  if (lastMs > limits.newestMs) {
    throw new MillraceError(
      "SINK_REJECTED",
      `The data reaches to ${day(lastMs)}, but the database at ${shown} takes nothing after ${day(limits.newestMs)}. Check the clocks of the array and of the database's machine.`,
      { details: { lastMs, newestMs: limits.newestMs } },
    );
  }
}

/**
 * Refuses series whose labels the server would cut or drop.
 *
 * @throws MillraceError SINK_REJECTED naming the label
 */
export function checkLabels(labels: Labels, limits: ServerLimits): void {
  const names = Object.keys(labels).filter((name) => labels[name] !== "");
  if (names.length > limits.maxLabels) {
    throw new MillraceError(
      "SINK_REJECTED",
      `Series ${labels["__name__"]} has ${names.length} labels, more than the database keeps (-maxLabelsPerTimeseries=${limits.maxLabels}).`,
    );
  }
  for (const name of names) {
    checkLength(name, limits.maxLabelNameBytes, "maxLabelNameLen", labels, "A label's name");
    const value = labels[name] as string;
    checkLength(value, limits.maxLabelValueBytes, "maxLabelValueLen", labels, `Label ${name}`);
  }
}

function checkLength(
  text: string,
  limit: number,
  flag: string,
  labels: Labels,
  what: string,
): void {
  // A UTF-16 unit takes at most three bytes, so short texts need no exact count.
  if (text.length * 3 <= limit) return;
  const bytes = Buffer.byteLength(text);
  if (bytes <= limit) return;
  throw new MillraceError(
    "SINK_REJECTED",
    `${what} of ${labels["__name__"]} has ${bytes} bytes, more than the database keeps (-${flag}=${limit}).`,
  );
}

function day(ms: number): string {
  return Number.isFinite(ms) && Math.abs(ms) < 8.64e15 ? new Date(ms).toISOString() : String(ms);
}
