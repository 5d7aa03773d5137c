import { MillraceError } from "../../errors.ts";

/** The part of the package `bullmq` that is used. */
export interface BullmqLibrary {
  readonly Queue: BullmqQueueClass;
  readonly QueueEvents: BullmqEventsClass;
  readonly Worker: BullmqWorkerClass;
  /** A failure that is not tried again. */
  readonly UnrecoverableError: BullmqErrorClass;
  /** Says that the job was given back. */
  readonly WaitingError: BullmqErrorClass;
}

/** Makes an error of the package. */
export type BullmqErrorClass = new (message?: string) => Error;

/** The class of {@link BullmqQueue}. */
// biome-ignore lint/suspicious/noExplicitAny: the package has an options type of its own
export type BullmqQueueClass = new (name: string, options: any) => BullmqQueue;

/** The class of {@link BullmqEvents}. */
// biome-ignore lint/suspicious/noExplicitAny: the package has an options type of its own
export type BullmqEventsClass = new (name: string, options: any) => BullmqEvents;

/** The class of {@link BullmqWorker}. */
export type BullmqWorkerClass = new (
  name: string,
  // biome-ignore lint/suspicious/noExplicitAny: the package's own job has more than is used of it
  processor: (job: any, token?: string) => Promise<unknown>,
  // biome-ignore lint/suspicious/noExplicitAny: the package has an options type of its own
  options: any,
) => BullmqWorker;

/** What is used of a queue. */
export interface BullmqQueue {
  /** Where its Redis client is. */
  readonly backend: { readonly client: Promise<BullmqClient> };
  /** Adds a job; one with a known `jobId` is left as it is. */
  // biome-ignore lint/suspicious/noExplicitAny: the package has an options type of its own
  add(name: string, data: unknown, options: any): Promise<unknown>;
  /** A job by its id. */
  getJob(id: string): Promise<BullmqJob | undefined>;
  /** Lines of a job's log. */
  getJobLogs(id: string): Promise<{ readonly logs: readonly string[] }>;
  /** Resolves when it is connected. */
  waitUntilReady(): Promise<unknown>;
  /** Listens to failures of the connection. */
  on(event: "error", listener: (error: Error) => void): unknown;
  /** Ends its connection. */
  close(): Promise<void>;
}

/** What is used of a Redis client. */
export interface BullmqClient {
  /** Registers a Lua script. */
  defineCommand(name: string, definition: { numberOfKeys: number; lua: string }): void;
  /** Runs a registered one. */
  runCommand(name: string, values: unknown[]): Promise<unknown>;
}

/** What is used of a job. */
export interface BullmqJob {
  readonly id?: string | undefined;
  /** Moves a finished job back to the waiting ones. */
  retry(
    state: "failed",
    options: { resetAttemptsMade: boolean; resetAttemptsStarted: boolean },
  ): Promise<void>;
  /** Moves a delayed job to the waiting ones. */
  promote(): Promise<void>;
  /** Removes it with its log. */
  remove(): Promise<void>;
  /** Gives a running job back. */
  moveToWait(token?: string): Promise<unknown>;
  /** Keeps what the handler reports. */
  updateProgress(progress: object): Promise<void>;
}

/** What is used of the reader of events. */
export interface BullmqEvents {
  /** Listens to one sort of event. */
  // biome-ignore lint/suspicious/noExplicitAny: each event has arguments of its own
  on(event: any, listener: (...values: any[]) => void): unknown;
  /** Resolves when it is connected. */
  waitUntilReady(): Promise<unknown>;
  /** Ends its connection. */
  close(): Promise<void>;
}

/** What is used of a worker. */
export interface BullmqWorker {
  /** Listens to one sort of event. */
  // biome-ignore lint/suspicious/noExplicitAny: each event has arguments of its own
  on(event: any, listener: (...values: any[]) => void): unknown;
  /** Resolves when it is connected. */
  waitUntilReady(): Promise<unknown>;
  /** Takes no more jobs, and resolves when those that run have ended. */
  close(): Promise<void>;
}

/** The classes as they are, held against what is used of them. */
type Package = {
  readonly Queue: typeof import("bullmq").Queue;
  readonly QueueEvents: typeof import("bullmq").QueueEvents;
  readonly Worker: typeof import("bullmq").Worker;
  readonly UnrecoverableError: typeof import("bullmq").UnrecoverableError;
  readonly WaitingError: typeof import("bullmq").WaitingError;
};

// A bundler must leave this alone: few need it.
const PACKAGE: string = "bullmq";

/**
 * Loads the library, which is an optional peer.
 *
 * @throws MillraceError MISSING_DEPENDENCY when it is not installed
 */
export async function loadBullmq(): Promise<BullmqLibrary> {
  try {
    const library: Package = await import(PACKAGE);
    return library;
  } catch (cause) {
    throw new MillraceError(
      "MISSING_DEPENDENCY",
      "bullmqJobs: the package bullmq cannot be loaded; install it: npm install bullmq@^6.7.0 ioredis",
      { cause },
    );
  }
}
