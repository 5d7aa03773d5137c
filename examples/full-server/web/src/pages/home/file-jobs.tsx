import type { Job } from "../../api/types.ts";
import { Empty } from "../../parts/empty.tsx";
import { JobActions } from "../../parts/job-actions.tsx";
import { JobProgress } from "../../parts/job-progress.tsx";
import { JobState } from "../../parts/job-state.tsx";
import { Link } from "../../parts/link.tsx";
import { Moment } from "../../parts/moment.tsx";
import { Notice } from "../../parts/notice.tsx";
import { Outputs } from "../../parts/outputs.tsx";
import { TARGETS } from "../../parts/target-label.ts";

/** The jobs that make files, with their downloads. */
export function FileJobs({ jobs }: { readonly jobs: readonly Job[] }) {
  if (jobs.length === 0) {
    return (
      <Empty title="No files yet">
        To make some, choose CSV, Perfmonkey or Parquet on the page{" "}
        <Link href="/upload">Upload</Link>. They can be downloaded here.
      </Empty>
    );
  }
  return (
    <div class="card scroll">
      <table class="list stack">
        <thead>
          <tr>
            <th scope="col">Archive</th>
            <th scope="col">Made into</th>
            <th scope="col">State</th>
            <th scope="col">Uploaded</th>
            <th scope="col">Files</th>
            <th scope="col">
              <span class="hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {jobs.map((job) => (
            <tr key={job.id}>
              <th scope="row">
                <span class="name">{job.filename}</span>
                <span class="muted below name">{job.serials.join(", ")}</span>
              </th>
              <td data-label="Made into">{TARGETS[job.target].label}</td>
              <td data-label="State">
                <JobState job={job} />
              </td>
              <td data-label="Uploaded">
                <Moment ms={job.createdMs} rough />
              </td>
              <td data-label="Files" class="wide">
                <FilesOf job={job} />
              </td>
              <td class="actions">
                <JobActions job={job} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function FilesOf({ job }: { readonly job: Job }) {
  if (job.state === "running" && job.progress !== null) {
    return <JobProgress progress={job.progress} name={job.filename} />;
  }
  if (job.error !== null) return <Notice kind="error">{job.error.message}</Notice>;
  if (job.outputs.length > 0) return <Outputs outputs={job.outputs} />;
  return <span class="muted">{job.finishedMs === null ? "not yet" : "none"}</span>;
}
