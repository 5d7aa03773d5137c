import type { Job } from "../api/types.ts";

const LABELS: Readonly<Record<Job["state"], string>> = {
  waiting: "Waiting",
  delayed: "Tries again",
  running: "Running",
  done: "Done",
  failed: "Failed",
  cancelled: "Cancelled",
};

/** The state of a job in a word; a load that lost some of its files is told from a whole one. */
export function JobState({ job }: { readonly job: Job }) {
  const partly = job.state === "done" && job.report?.complete === false;
  return (
    <span class={`state ${partly ? "partly" : job.state}`}>
      {partly ? "Done in part" : LABELS[job.state]}
    </span>
  );
}
