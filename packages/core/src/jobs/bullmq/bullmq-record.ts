import { MillraceError } from "../../errors.ts";
import type { Job, JobFailure, JobLogLine, JobState } from "../job.ts";
import { type JobInput, lostFailure } from "../job-input.ts";

/** BullMQ takes no ids of digits alone. */
const ID = "j-";
/** Begins the reason of a job that was cancelled, which BullMQ counts among the failed ones. */
export const CANCELLED = "CANCELLED: ";
/** What BullMQ says of a job that lost too many workers. */
const STALLED = "job stalled more than allowable limit";
/** How BullMQ puts times and an order among them into one number. */
const DUE_STEP = 4_096;
/** Higher goes first with us, and lower with BullMQ, where 0 would be before all others. */
const LAST_PRIORITY = 1_001;

/** What is stored as the data of a job. */
export type JobData = Pick<JobInput, "payload" | "priority" | "maxAttempts" | "backoff">;

/** The id of a job in BullMQ. */
export function bullId(id: string): string {
  return ID + id;
}

/** The id of a job with us; undefined for a job that somebody else has added. */
export function jobId(id: string | undefined): string | undefined {
  return id?.startsWith(ID) ? id.slice(ID.length) : undefined;
}

/** The priority of a job in BullMQ. */
export function bullPriority(priority: number): number {
  return LAST_PRIORITY - priority;
}

/** What `read` gives for a job. */
export type RawJob = readonly [place: string, due: string, fields: readonly string[]];

/** @throws MillraceError CORRUPT_INPUT when it was not written by this package */
export function jobOf(id: string, [place, due, list]: RawJob): Job {
  const fields: Record<string, string | undefined> = {};
  for (let i = 0; i + 1 < list.length; i += 2) fields[list[i] as string] = list[i + 1];
  const { payload, priority, maxAttempts } = dataOf(id, fields["data"]);
  const number = (name: string): number => Number(fields[name] ?? 0);
  const reason = fields["failedReason"];
  const losses = number("stc");
  const state = stateOf(place, reason);
  const finished = state === "done" || state === "failed" || state === "cancelled";
  const lost = state === "failed" && reason === STALLED;
  return {
    ...{ id, kind: fields["name"] ?? "", payload, state, priority, maxAttempts, losses },
    cancelling: state === "running" && fields["millraceCancel"] !== undefined,
    // BullMQ counts an attempt when it ends, and the end of a job by losses as one.
    attempts: number("atm") + (state === "running" ? 1 : 0) - (lost ? 1 : 0),
    progress: progressOf(fields["progress"]),
    createdMs: number("timestamp"),
    startedMs: fields["processedOn"] === undefined ? undefined : number("processedOn"),
    finishedMs: finished ? number("finishedOn") : undefined,
    delayedUntilMs: state === "delayed" ? Math.floor(Number(due) / DUE_STEP) : undefined,
    error: state === "done" || reason === undefined ? undefined : failureOf(reason, losses),
    result: state === "done" ? JSON.parse(fields["returnvalue"] ?? "null") : undefined,
  };
}

/** The reason that BullMQ keeps of a failure. */
export function reasonOf({ code, message }: JobFailure): string {
  return `${code}: ${message}`;
}

/** Where a job is, by its place in BullMQ and why it failed. */
export function stateOf(place: string, reason: string | undefined): JobState {
  if (place === "completed") return "done";
  if (place === "active") return "running";
  if (place === "failed") return reason?.startsWith(CANCELLED) ? "cancelled" : "failed";
  return place === "delayed" ? "delayed" : "waiting";
}

/** A line of a log, as the script wrote it. */
export function logLineOf(entry: string): JobLogLine {
  const [line = "", atMs = ""] = entry.split(" ", 2);
  return {
    line: Number(line),
    atMs: Number(atMs),
    text: entry.slice(line.length + atMs.length + 2),
  };
}

function failureOf(reason: string, losses: number): JobFailure {
  if (reason === STALLED) return lostFailure(losses);
  if (reason.startsWith(CANCELLED))
    return { code: "ABORTED", message: reason.slice(CANCELLED.length) };
  const [, code, message] = /^([A-Z_]+): (.*)$/s.exec(reason) ?? [];
  return { code: code ?? "INTERNAL", message: message ?? reason };
}

function dataOf(id: string, text: string | undefined): JobData {
  const data: unknown = JSON.parse(text ?? "null");
  if (typeof data === "object" && data !== null && "payload" in data) return data as JobData;
  throw new MillraceError(
    "CORRUPT_INPUT",
    `Job ${id} was not added by bullmqJobs: it has no payload.`,
  );
}

function progressOf(text: string | undefined): Job["progress"] {
  const progress: unknown = JSON.parse(text ?? "0");
  return typeof progress === "object" && progress !== null ? (progress as Job["progress"]) : {};
}
