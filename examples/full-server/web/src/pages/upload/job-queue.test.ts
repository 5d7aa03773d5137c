import { describe, expect, it } from "vitest";
import type { Job } from "../../api/types.ts";
import { jobsBehind, mergeJobs } from "../../state/merge-jobs.ts";
import { queueOf } from "./job-queue.ts";

describe("the queue of the server", () => {
  it("shows what runs, then what waits in the order of its turn", () => {
    const queue = queueOf([
      job("e", "delayed", 5),
      job("d", "waiting", 4),
      job("c", "waiting", 3),
      job("b", "running", 2),
      job("a", "done", 1, 9),
      job("f", "failed", 6, 7),
    ]);
    expect(queue.unfinished.map(({ id }) => id)).toEqual(["b", "c", "d", "e"]);
    expect(queue.finished.map(({ id }) => id)).toEqual(["a", "f"]);
    expect([...queue.waitingBefore]).toEqual([
      ["c", 0],
      ["d", 1],
    ]);
    expect(queue.words).toBe("1 running, 2 waiting, 1 to be tried again");
    expect(queueOf([]).words).toBe("");
  });

  it("takes the later news of a job, newest jobs first", () => {
    const merged = mergeJobs(
      [job("a", "waiting", 1), job("b", "done", 2, 3)],
      [job("a", "running", 1)],
    );
    expect(merged.map(({ id, state }) => `${id} ${state}`)).toEqual(["b done", "a running"]);
  });

  it("keeps older pages when the newest is read again", () => {
    const known = [job("c", "done", 3, 4), job("b", "done", 2, 3), job("a", "running", 1)];
    expect(jobsBehind(known, [job("d", "done", 9, 9), job("c", "done", 3, 4)])).toEqual([known[1]]);
    expect(jobsBehind(known, [])).toEqual([]);
  });
});

function job(
  id: string,
  state: Job["state"],
  createdMs: number,
  finishedMs: number | null = null,
): Job {
  return {
    ...{ id, kind: "load", state, filename: `${id}.zip`, target: "grafana", sizeBytes: 1 },
    ...{ source: "upload", serials: [], createdMs, startedMs: null, finishedMs },
    ...{ attempts: 0, maxAttempts: 3, progress: null, error: null, report: null },
    ...{ arrays: [], outputs: [] },
  } as Job;
}
