import { useState } from "preact/hooks";
import { api } from "../api/client.ts";
import type { Job } from "../api/types.ts";
import { changeJob, dropJob } from "../state/live-lists.ts";
import { ConfirmDialog } from "./confirm-dialog.tsx";
import { Notice } from "./notice.tsx";
import { useAction } from "./use-action.ts";

const UNFINISHED = new Set<Job["state"]>(["waiting", "delayed", "running"]);

/** Cancel, retry, delete: what the state of a job allows. */
export function JobActions({ job }: { readonly job: Job }) {
  const { run, running, problem } = useAction();
  const [asking, setAsking] = useState(false);
  const { id, filename, state, cancelling = false, outputs } = job;
  const name = <span class="hidden"> {filename}</span>;
  const remove = async () => {
    await api.deleteJob(id);
    dropJob(id);
  };
  return (
    <>
      {UNFINISHED.has(state) ? (
        <button
          type="button"
          class="button small"
          disabled={running || cancelling}
          onClick={() => run(() => changeJob(id, () => api.cancelJob(id)))}
        >
          {running || cancelling ? "Cancelling…" : "Cancel"}
          {name}
        </button>
      ) : (
        <>
          {state !== "done" && (
            <button
              type="button"
              class="button small"
              disabled={running}
              onClick={() => run(() => changeJob(id, () => api.retryJob(id)))}
            >
              Retry{name}
            </button>
          )}
          <button
            type="button"
            class="button small danger"
            disabled={running}
            onClick={() => (outputs.length > 0 ? setAsking(true) : run(remove))}
          >
            {outputs.length > 0 ? "Delete" : "Remove"}
            {name}
          </button>
        </>
      )}
      {problem !== undefined && <Notice kind="error">{problem}</Notice>}
      {asking && (
        <ConfirmDialog
          title={`Delete the files of ${filename}?`}
          action="Delete files"
          onClose={() => setAsking(false)}
          onConfirm={remove}
        >
          <p>
            {outputs.length === 1 ? "1 file" : `${outputs.length} files`} and the job are deleted
            from the server. To have them back, upload the archive again.
          </p>
        </ConfirmDialog>
      )}
    </>
  );
}
