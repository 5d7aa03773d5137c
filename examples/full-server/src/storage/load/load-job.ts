import type { AddJobOptions, Job, JobQueue } from "@millrace/core/jobs";
import { z } from "zod";

/** What a load may end in: the database, or files to download. */
export const TARGETS = ["grafana", "csv", "perfmonkey", "parquet"] as const;
export type Target = (typeof TARGETS)[number];

/** What there is to know of a load before it runs. */
export const loadPayload = z.object({
  /** As the user called it; never a path. */
  filename: z.string(),
  target: z.enum(TARGETS),
  /** Object that holds the archive. */
  key: z.string(),
  sizeBytes: z.number(),
  source: z.enum(["upload", "watch"]),
  /** Serial numbers that the heads of the files name. */
  serials: z.array(z.string()),
});
export type LoadPayload = z.output<typeof loadPayload>;

/** What a load says while it runs. */
export interface LoadProgress {
  readonly phase: "reading" | "verifying" | "storing";
  readonly bytesRead: number;
  readonly bytesTotal: number;
  readonly files: number;
  readonly filesTotal: number;
  readonly samples: number;
  readonly samplesPerSecond: number;
  readonly etaMs: number | null;
}

const fileNote = z.object({ file: z.string(), problems: z.array(z.string()) });

/** What a load did; kept with its job. */
export const loadResult = z.object({
  report: z.object({
    complete: z.boolean(),
    files: z.object({
      total: z.number(),
      ok: z.number(),
      partial: z.number(),
      failed: z.number(),
      skipped: z.number(),
    }),
    samples: z.object({
      parsed: z.number(),
      accepted: z.number(),
      durable: z.number(),
      rejected: z.number(),
    }),
    series: z.number(),
    problems: z.array(fileNote),
    warnings: z.array(z.string()),
    verified: z.enum(["complete", "missing", "different", "excess", "inconclusive"]).nullable(),
    elapsedMs: z.number(),
  }),
  arrays: z.array(
    z.object({
      serial: z.string(),
      model: z.string(),
      controllers: z.array(z.string()),
      intervals: z.array(z.number()),
      intervalSeconds: z.number(),
      timeRangeMs: z.tuple([z.number(), z.number()]),
      samples: z.number(),
      series: z.number(),
    }),
  ),
  outputs: z.array(z.object({ name: z.string(), sizeBytes: z.number() })),
});
export type LoadResult = z.output<typeof loadResult>;

/** The kind of these jobs in the queue. */
export const LOAD_KIND = "load";

/** A database that is away comes back; so a load waits longer with each attempt, for about two hours in all. */
const OPTIONS: AddJobOptions = { maxAttempts: 20, backoff: { firstMs: 2_000, mostMs: 600_000 } };

/** Adds a load; with the id of one that was added before, nothing happens. */
export async function addLoad(queue: JobQueue, id: string, payload: LoadPayload): Promise<Job> {
  return await queue.add(LOAD_KIND, payload, { ...OPTIONS, id });
}
