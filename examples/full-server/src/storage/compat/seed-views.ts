import type { ServerSettings } from "../../settings.ts";
import { grafanaLink } from "../grafana-link.ts";
import type { JobView } from "../job-views.ts";

const STATUS = {
  waiting: "pending",
  delayed: "pending",
  running: "running",
  done: "done",
  failed: "error",
  cancelled: "error",
} as const;
const MIB = 1024 * 1024;
/** What is left for the verification, once everything is read. */
const READ_PERCENT = 95;
const LONGEST_MESSAGE = 200;

/** A job in the words of the seed. */
export function seedJob(job: JobView, settings: ServerSettings, lastLine?: string) {
  const { id, state, progress, report, error } = job;
  const finished = report === null ? undefined : `${report.samples.accepted} samples loaded.`;
  const message = error?.message ?? finished ?? lastLine ?? progress?.phase ?? "";
  return {
    job_id: id,
    status: STATUS[state],
    progress: percentOf(job),
    message: message.slice(0, LONGEST_MESSAGE),
    serial_numbers: job.serials,
    grafana_url: job.target === "grafana" ? grafanaLink(settings, ...job.arrays) : null,
    created_at: new Date(job.createdMs).toISOString(),
    updated_at: new Date(job.finishedMs ?? job.startedMs ?? job.createdMs).toISOString(),
    error: error?.message ?? (state === "cancelled" ? "The job was cancelled." : null),
    filename: job.filename,
    target: job.target,
    files: job.outputs.map((output) => seedOutput(job, output)),
  };
}

/** A file of a job in the words of the seed. */
export function seedOutput(
  { id, finishedMs }: JobView,
  { name, sizeBytes }: JobView["outputs"][number],
) {
  return {
    name,
    size: sizeBytes,
    size_mb: megabytes(sizeBytes),
    modified: new Date(finishedMs ?? 0).toISOString(),
    url: `/api/file/${encodeURIComponent(id)}/${encodeURIComponent(name)}`,
  };
}

/** `5s`, `1m`, `1h`. */
export function seedInterval(seconds: number): string {
  if (seconds % 3600 === 0 && seconds > 0) return `${seconds / 3600}h`;
  return seconds % 60 === 0 && seconds > 0 ? `${seconds / 60}m` : `${seconds}s`;
}

/** MiB with two digits, as the seed counts. */
export function megabytes(bytes: number): number {
  return Math.round((bytes / MIB) * 100) / 100;
}

function percentOf({ state, progress }: JobView): number {
  if (state === "done") return 100;
  if (progress === null || progress.bytesTotal === 0) return 0;
  return Math.floor((progress.bytesRead / progress.bytesTotal) * READ_PERCENT);
}
