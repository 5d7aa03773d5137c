import type { Job } from "../api/types.ts";

/** Newest first, each job once; the later news of a job wins. */
export function mergeJobs(known: readonly Job[], news: readonly Job[]): readonly Job[] {
  const byId = new Map(known.map((job) => [job.id, job]));
  for (const job of news) byId.set(job.id, job);
  return [...byId.values()].sort((a, b) => b.createdMs - a.createdMs || (a.id < b.id ? 1 : -1));
}

/** The finished jobs of the pages behind the newest page. */
export function jobsBehind(known: readonly Job[], page: readonly Job[]): readonly Job[] {
  const oldestMs = page.at(-1)?.createdMs ?? 0;
  return known.filter((job) => job.createdMs < oldestMs && job.finishedMs !== null);
}
