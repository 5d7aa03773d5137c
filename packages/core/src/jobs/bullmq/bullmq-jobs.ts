import { MillraceError } from "../../errors.ts";
import { redactUrl } from "../../redact-url.ts";
import { positiveMs, retentionOf } from "../job-input.ts";
import type { JobQueue, JobRetention } from "../job-queue.ts";
import { type BullmqLibrary, loadBullmq } from "./bullmq-library.ts";
import { BullmqJobQueue } from "./bullmq-queue.ts";
import { scriptsOn } from "./bullmq-scripts.ts";
import { remoteError } from "./bullmq-worker.ts";

/** Options of {@link bullmqJobs}. */
export interface BullmqJobsOptions extends JobRetention {
  /** `redis://…`, or connection options or a client as BullMQ takes them. The server must keep what it is given: `maxmemory-policy noeviction`. */
  readonly connection: string | object;
  /** Begins the keys on the server. @defaultValue "millrace" */
  readonly prefix?: string;
  /** Workers take the jobs of the queue with their name, and only those. @defaultValue "jobs" */
  readonly name?: string;
  /** Within how long the job of a dead worker is given to another, 1000 or more. @defaultValue 30_000 */
  readonly leaseMs?: number;
  /** How long to wait for the server when the queue is opened. @defaultValue 10_000 */
  readonly connectMs?: number;
  /** The package `bullmq`, already imported. @defaultValue imported when it is needed */
  readonly lib?: BullmqLibrary;
}

/**
 * A job queue on Redis or Valkey for as many processes and machines as like to share it, through BullMQ, which is an
 * optional peer (`npm install bullmq ioredis`).
 *
 * @throws MillraceError MISSING_DEPENDENCY when BullMQ is not installed; REMOTE_FAILED when no server answers
 * @example
 * ```ts no-run
 * import { bullmqJobs } from "@millrace/core/jobs/bullmq";
 *
 * await using jobs = await bullmqJobs({ connection: "redis://127.0.0.1:6379" });
 * await jobs.add("load", { archive: "uploads/1.zip" }, { id: "upload-1" });
 * ```
 */
export async function bullmqJobs(options: BullmqJobsOptions): Promise<JobQueue> {
  const { prefix = "millrace", name = "jobs", leaseMs = 30_000, connectMs = 10_000 } = options;
  const retention = retentionOf(options);
  positiveMs("leaseMs", leaseMs, 1_000);
  positiveMs("connectMs", connectMs, 1);
  const lib = options.lib ?? (await loadBullmq());
  const given = options.connection;
  const connection = {
    connection: typeof given === "string" ? { url: given } : given,
    prefix,
    skipVersionCheck: true,
  };
  const shown = typeof given === "string" ? `${name} at ${redactUrl(given)}` : name;
  const queue = new lib.Queue(name, connection);
  // Without a listener, a failure of the connection would end the process.
  queue.on("error", () => {});
  try {
    const client = await within(connectMs, queue.backend.client);
    const run = scriptsOn(client, `${prefix}:${name}:`);
    const lastEventId = await within(connectMs, run("lastEvent"));
    const events = new lib.QueueEvents(name, { ...connection, lastEventId });
    const host = { lib, name, connection, retention, leaseMs, run };
    const jobs = new BullmqJobQueue(shown, host, queue, events);
    await within(connectMs, events.waitUntilReady());
    return jobs;
  } catch (error) {
    void queue.close().catch(() => {});
    throw remoteError(shown, error);
  }
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new MillraceError("TIMEOUT", `nothing came within ${ms} ms`);
    timer = setTimeout(() => reject(new Error(error.message)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
