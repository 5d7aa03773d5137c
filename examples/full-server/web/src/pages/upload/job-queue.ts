import type { Job } from "../../api/types.ts";

/** The jobs in the order in which the server gets to them. */
export interface JobQueue {
  /** Running ones first, then those that wait, oldest first. */
  readonly unfinished: readonly Job[];
  /** Newest first. */
  readonly finished: readonly Job[];
  /** How many waiting jobs come before a waiting one. */
  readonly waitingBefore: ReadonlyMap<string, number>;
  /** 2 running, 5 waiting. */
  readonly words: string;
}

const ORDER: readonly Job["state"][] = ["running", "waiting", "delayed"];

/** Sorts what the server has to do from what it has done. */
export function queueOf(jobs: readonly Job[]): JobQueue {
  const unfinished = jobs
    .filter(({ state }) => ORDER.includes(state))
    .toSorted(
      (a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || a.createdMs - b.createdMs,
    );
  const finished = jobs
    .filter(({ state }) => !ORDER.includes(state))
    .toSorted((a, b) => (b.finishedMs ?? b.createdMs) - (a.finishedMs ?? a.createdMs));
  const waiting = unfinished.filter(({ state }) => state === "waiting");
  const counts = ORDER.map((state) => [
    unfinished.filter((job) => job.state === state).length,
    state === "delayed" ? "to be tried again" : state,
  ]);
  return {
    unfinished,
    finished,
    waitingBefore: new Map(waiting.map(({ id }, index) => [id, index])),
    words: counts
      .filter(([count]) => count !== 0)
      .map(([count, word]) => `${count} ${word}`)
      .join(", "),
  };
}
