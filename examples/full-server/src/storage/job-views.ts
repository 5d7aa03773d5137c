import { MillraceError } from "@millrace/core";
import type { Job, JobQueue, JobState } from "@millrace/core/jobs";
import {
  LOAD_KIND,
  type LoadPayload,
  type LoadProgress,
  type LoadResult,
  loadPayload,
  loadResult,
} from "./load/load-job.ts";

/** A load as callers see it. */
export interface JobView {
  readonly id: string;
  readonly kind: "load";
  readonly state: JobState;
  /** Told to stop, but still at it. */
  readonly cancelling: boolean;
  readonly filename: string;
  readonly target: LoadPayload["target"];
  readonly sizeBytes: number;
  readonly source: LoadPayload["source"];
  readonly serials: readonly string[];
  readonly createdMs: number;
  readonly startedMs: number | null;
  readonly finishedMs: number | null;
  readonly attempts: number;
  readonly maxAttempts: number;
  readonly progress: LoadProgress | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly report: LoadResult["report"] | null;
  readonly arrays: LoadResult["arrays"];
  readonly outputs: readonly {
    readonly name: string;
    readonly sizeBytes: number;
    readonly url: string;
  }[];
}

/** A page of loads, the newest first. */
export interface JobViewPage {
  readonly jobs: readonly JobView[];
  readonly next: string | null;
}

/** Reads the queue in the words of the callers. */
export class JobViews {
  readonly #queue: JobQueue;

  constructor(queue: JobQueue) {
    this.#queue = queue;
  }

  async list(query: {
    readonly states?: readonly JobState[];
    readonly limit?: number;
    readonly cursor?: string;
  }): Promise<JobViewPage> {
    const { jobs, next } = await this.#queue.list({ kind: LOAD_KIND, ...query });
    return { jobs: jobs.map(viewOf), next: next ?? null };
  }

  /** @throws MillraceError NOT_FOUND */
  async get(id: string): Promise<JobView> {
    const job = await this.#queue.get(id);
    if (job?.kind === LOAD_KIND) return viewOf(job);
    throw new MillraceError("NOT_FOUND", `There is no job ${id}.`);
  }
}

/** What callers see of a job. */
export function viewOf(job: Job): JobView {
  const { filename, target, sizeBytes, source, serials } = loadPayload.parse(job.payload);
  const result = loadResult.safeParse(job.result).data;
  const hasProgress = Object.keys(job.progress).length > 0;
  return {
    id: job.id,
    kind: "load",
    state: job.state,
    cancelling: job.cancelling,
    filename,
    target,
    sizeBytes,
    source,
    serials: result?.arrays.map(({ serial }) => serial) ?? serials,
    createdMs: job.createdMs,
    startedMs: job.startedMs ?? null,
    finishedMs: job.finishedMs ?? null,
    attempts: job.attempts,
    maxAttempts: job.maxAttempts,
    progress: hasProgress ? (job.progress as unknown as LoadProgress) : null,
    error: job.error ?? null,
    report: result?.report ?? null,
    arrays: result?.arrays ?? [],
    outputs: (result?.outputs ?? []).map(({ name, sizeBytes: size }) => ({
      name,
      sizeBytes: size,
      url: `/v1/jobs/${encodeURIComponent(job.id)}/outputs/${encodeURIComponent(name)}`,
    })),
  };
}
