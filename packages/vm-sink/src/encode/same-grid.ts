import type { TimeGrid } from "@millrace/core";

/** Whether two grids have the same times for certain; what was encoded for one then serves the other. */
export function sameGrid(a: TimeGrid, b: TimeGrid): boolean {
  if ("timesMs" in a || "timesMs" in b) return a === b;
  return a.startMs === b.startMs && a.stepMs === b.stepMs && a.count === b.count;
}
