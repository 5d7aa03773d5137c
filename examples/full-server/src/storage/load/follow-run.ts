import type { OriginReadEvent, Run } from "@millrace/core";
import type { JobContext } from "@millrace/core/jobs";
import type { LoadProgress } from "./load-job.ts";

/** Shortest time between two reports of one job. */
const REPORT_MS = 250;

/** Tells a job how its run comes along: figures as progress, problems and warnings as lines of its log. */
export function followRun(run: Run<unknown>, { progress, log }: JobContext): void {
  let toldMs = Number.NEGATIVE_INFINITY;
  run.progress$.subscribe(({ bytes, origins, units, unitsPerSecond, etaMs }) => {
    const isEnd = origins.total > 0 && origins.read === origins.total;
    if (!isEnd && performance.now() - toldMs < REPORT_MS) return;
    toldMs = performance.now();
    const now: LoadProgress = {
      phase: "reading",
      bytesRead: bytes.read,
      bytesTotal: bytes.total,
      files: origins.read,
      filesTotal: origins.total,
      samples: units.accepted,
      samplesPerSecond: Math.round(unitsPerSecond),
      etaMs: etaMs === undefined ? null : Math.round(etaMs),
    };
    quietly(progress({ ...now }));
  });
  run.events$.subscribe((event) => {
    if (event.type === "warning") quietly(log(event.message));
    if (event.type === "origin-read" && event.problems.length > 0) quietly(log(lineOf(event)));
  });
}

/** A queue that fails says so itself; a report that is lost does no harm. */
function quietly(report: Promise<void>): void {
  report.catch(() => {});
}

function lineOf({ origin, outcome, problems }: OriginReadEvent): string {
  return `${outcome}: ${origin}: ${problems.join(" ")}`;
}
