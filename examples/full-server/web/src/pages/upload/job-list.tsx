import type { Job } from "../../api/types.ts";
import { Empty } from "../../parts/empty.tsx";
import { Notice } from "../../parts/notice.tsx";
import { useAction } from "../../parts/use-action.ts";
import { loadOlderJobs } from "../../state/live-lists.ts";
import { queueOf } from "./job-queue.ts";
import { JobRow } from "./job-row.tsx";

interface Props {
  readonly jobs: readonly Job[] | undefined;
  readonly more: boolean;
}

/** What the server has to do, is doing and has done. */
export function JobList({ jobs, more }: Props) {
  const { run, running, problem } = useAction();
  if (jobs === undefined) return <p class="muted section">Reading the list of jobs…</p>;
  const { unfinished, finished, waitingBefore, words } = queueOf(jobs);
  return (
    <>
      <section aria-labelledby="queue-title">
        <header>
          <h2 id="queue-title">Queue of the server</h2>
          <span class="muted" role="status">
            {words}
          </span>
        </header>
        {unfinished.length === 0 ? (
          <p class="muted">Nothing is running or waiting.</p>
        ) : (
          <ul class="card rows">
            {unfinished.map((job) => (
              <JobRow key={job.id} job={job} waitingBefore={waitingBefore.get(job.id)} />
            ))}
          </ul>
        )}
      </section>
      <section aria-labelledby="finished-title">
        <header>
          <h2 id="finished-title">Finished</h2>
        </header>
        {finished.length === 0 ? (
          <Empty title="No finished loads">
            Drop archives above. Each becomes a job; its result and its log stay here.
          </Empty>
        ) : (
          <ul class="card rows">
            {finished.map((job) => (
              <JobRow key={job.id} job={job} />
            ))}
          </ul>
        )}
        {more && (
          <button
            type="button"
            class="button"
            disabled={running}
            onClick={() => run(loadOlderJobs)}
          >
            {running ? "Reading older jobs…" : "Show older jobs"}
          </button>
        )}
        {problem !== undefined && <Notice kind="error">{problem}</Notice>}
      </section>
    </>
  );
}
