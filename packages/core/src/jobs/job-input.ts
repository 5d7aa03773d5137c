import { randomUUID } from "node:crypto";
import { MillraceError } from "../errors.ts";
import { BACKOFF } from "./backoff.ts";
import type { JobFailure } from "./job.ts";
import type { AddJobOptions, Backoff, JobRetention, WorkOptions } from "./job-queue.ts";

/** A job that may be added: all checked, nothing left out. */
export interface JobInput {
  readonly id: string;
  readonly kind: string;
  readonly payload: unknown;
  readonly priority: number;
  readonly maxAttempts: number;
  readonly delayMs: number;
  readonly backoff: Backoff;
}

const MOST_PRIORITY = 1_000;
const MOST_PAGE = 1_000;
const PAGE = 100;
const LINE_CHARACTERS = 4_096;
const MESSAGE_CHARACTERS = 4_096;

/** @throws MillraceError INVALID_OPTION when something of it is not allowed */
export function jobInput(kind: string, payload: unknown, options: AddJobOptions = {}): JobInput {
  const {
    id = randomUUID(),
    priority = 0,
    maxAttempts = 3,
    delayMs = 0,
    backoff = BACKOFF,
  } = options;
  if (!/^[\w.-]{1,200}$/.test(id)) {
    throw invalid(`the id ${JSON.stringify(id)} is not 1 to 200 of A-Z a-z 0-9 . _ -`);
  }
  if (typeof kind !== "string" || kind.length < 1 || kind.length > 200) {
    throw invalid("the kind is not a text of 1 to 200 characters");
  }
  whole("priority", priority, -MOST_PRIORITY, MOST_PRIORITY);
  whole("maxAttempts", maxAttempts, 1);
  whole("delayMs", delayMs, 0);
  whole("backoff.firstMs", backoff.firstMs, 0);
  whole("backoff.mostMs", backoff.mostMs, 0);
  return {
    ...{ id, kind, priority, maxAttempts, delayMs },
    payload: plainJson(payload, `the payload of a job "${kind}"`),
    backoff: { firstMs: backoff.firstMs, mostMs: backoff.mostMs },
  };
}

/** {@link JobRetention} with its defaults. */
export function retentionOf(options: JobRetention): Required<JobRetention> {
  const { keepFinished = 1_000, keepLogLines = 1_000, maxLosses = 3 } = options;
  whole("keepFinished", keepFinished, 0);
  whole("keepLogLines", keepLogLines, 0);
  whole("maxLosses", maxLosses, 1);
  return { keepFinished, keepLogLines, maxLosses };
}

/** {@link WorkOptions} with its defaults. */
export function workOptionsOf(options: WorkOptions = {}): Required<WorkOptions> {
  const { concurrency = 1, stopMs = 10_000, retryable = isRetryable } = options;
  whole("concurrency", concurrency, 1);
  whole("stopMs", stopMs, 0);
  return { concurrency, stopMs, retryable };
}

/** Jobs or lines of a page. */
export function pageLimit(limit: number = PAGE): number {
  whole("limit", limit, 1, MOST_PAGE);
  return limit;
}

/**
 * A copy as the store will give it back.
 *
 * @throws MillraceError INVALID_OPTION when it is no JSON
 */
export function plainJson(value: unknown, what: string): unknown {
  let text: string | undefined;
  let cause: unknown;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    cause = error;
  }
  if (text !== undefined) return JSON.parse(text);
  if (value === undefined) return null;
  throw new MillraceError("INVALID_OPTION", `${what} cannot be stored: it is no plain JSON.`, {
    ...(cause === undefined ? {} : { cause }),
  });
}

/** A line of log, cut where it is too long for one. */
export function logText(text: string): string {
  const line = String(text);
  return line.length <= LINE_CHARACTERS ? line : `${line.slice(0, LINE_CHARACTERS - 1)}…`;
}

/** What is kept of an error that a handler threw. */
export function failureOf(error: unknown): JobFailure {
  const code = MillraceError.is(error) ? error.code : "INTERNAL";
  const message = error instanceof Error ? error.message : String(error);
  return { code, message: message.slice(0, MESSAGE_CHARACTERS) };
}

/** Why a job is cancelled; also the reason of its signal. */
export function cancelledError(id: string): MillraceError {
  return new MillraceError("ABORTED", `Job ${id} was cancelled.`);
}

/** Why a job that was running waits again; also the reason of its signal. */
export function stoppedError(id: string): MillraceError {
  return new MillraceError("ABORTED", `The worker of job ${id} stops; the job waits for another.`);
}

/** What happened to a job that lost too many workers. */
export function lostFailure(losses: number): JobFailure {
  return {
    code: "WORKER_LOST",
    message: `Its worker died ${losses} ${losses === 1 ? "time" : "times"} while it ran; the job may be what kills it. Retry it when the cause is known.`,
  };
}

/** @throws MillraceError NOT_FOUND always */
export function noSuchJob(id: string): MillraceError {
  return new MillraceError("NOT_FOUND", `There is no job ${id} (any more).`);
}

/** The error of a change that the state of the job does not allow. */
export function wrongState(id: string, state: string, change: string): MillraceError {
  const hint = state === "running" ? "cancel it first" : "add a new one to run it again";
  return new MillraceError("INVALID_OPTION", `Job ${id} is ${state}: no ${change}; ${hint}.`);
}

/** The error of a call to a queue that was closed. */
export function queueClosed(name: string): MillraceError {
  return new MillraceError("CLOSED", `The job queue ${name} is closed; open it again.`);
}

function isRetryable(error: unknown): boolean {
  return MillraceError.is(error) && error.retryable;
}

function whole(name: string, value: number, least: number, most = Number.MAX_SAFE_INTEGER): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  const range = most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `${least} to ${most}`;
  throw invalid(`${name} is ${value}, not a whole number of ${range}`);
}

function invalid(text: string): MillraceError {
  return new MillraceError("INVALID_OPTION", `Job queue: ${text}.`);
}

/** Checks a time span that a user gave. */
export function positiveMs(name: string, value: number, least: number): void {
  whole(name, value, least);
}
