import { useState } from "preact/hooks";
import type { Job } from "../../api/types.ts";
import { formatBytes } from "../../format/format-number.ts";
import { JobActions } from "../../parts/job-actions.tsx";
import { JobProgress } from "../../parts/job-progress.tsx";
import { JobState } from "../../parts/job-state.tsx";
import { Moment } from "../../parts/moment.tsx";
import { Notice } from "../../parts/notice.tsx";
import { Outputs } from "../../parts/outputs.tsx";
import { TARGETS } from "../../parts/target-label.ts";
import { JobLog } from "./job-log.tsx";
import { JobResult } from "./job-result.tsx";

interface Props {
  readonly job: Job;
  readonly waitingBefore?: number | undefined;
}

/** One job: its state, how far it is or what came of it, and its log. */
export function JobRow({ job, waitingBefore }: Props) {
  const [open, setOpen] = useState(false);
  const logId = `log-${job.id}`;
  return (
    <li class="row">
      <div class="head">
        <JobState job={job} />
        <b class="name">{job.filename}</b>
        <span class="muted">
          {formatBytes(job.sizeBytes)} · {TARGETS[job.target].label}
          {job.source === "watch" && " · from the watched folder"} ·{" "}
          <Moment ms={job.finishedMs ?? job.createdMs} rough />
        </span>
        <span class="actions">
          <button
            type="button"
            class="button small"
            aria-expanded={open}
            aria-controls={logId}
            onClick={() => setOpen(!open)}
          >
            {open ? "Hide log" : "Log"}
            <span class="hidden"> of {job.filename}</span>
          </button>
          <JobActions job={job} />
        </span>
      </div>
      {job.state === "running" &&
        (job.progress === null ? (
          <p class="words">Starting</p>
        ) : (
          <JobProgress progress={job.progress} name={job.filename} />
        ))}
      {(job.state === "waiting" || job.state === "delayed") && (
        <p class="words">{waitingWords(job, waitingBefore)}</p>
      )}
      {job.error !== null && <Notice kind="error">{job.error.message}</Notice>}
      {job.report !== null && <JobResult job={job} report={job.report} />}
      {job.outputs.length > 0 && <Outputs outputs={job.outputs} />}
      {open && <JobLog id={logId} job={job} />}
    </li>
  );
}

function waitingWords(job: Job, before: number | undefined): string {
  if (job.state === "delayed") {
    return `Try ${job.attempts} of ${job.maxAttempts} failed; the server tries again by itself.`;
  }
  if (before === undefined || before === 0) return "Next in the queue";
  return before === 1 ? "1 other waits before it" : `${before} others wait before it`;
}
