import type { Progress, Run } from "@millrace/core";
import { Subject } from "rxjs";
import { describe, expect, it } from "vitest";
import type { TextOutput } from "./command-io.ts";
import { showProgress } from "./progress-line.ts";

const CLEAR = "\r\x1b[2K";

const halfWay: Progress = {
  elapsedMs: 2_000,
  bytes: { read: 50, total: 100 },
  origins: { read: 19, total: 80 },
  units: { written: 1_300_000, accepted: 1_206_120, durable: 0 },
  unitsPerSecond: 785_000,
  etaMs: 65_000,
};

/** Shows what a test says as the progress of a run. */
function shown(output: Pick<TextOutput, "isTTY" | "columns">) {
  const progress$ = new Subject<Progress>();
  const written: string[] = [];
  const end = showProgress({ progress$ } as Pick<Run<unknown>, "progress$"> as Run<unknown>, {
    ...output,
    write: (text) => written.push(text),
  });
  return { progress$, written, end };
}

describe("progress on a terminal", () => {
  it("rewrites one line", () => {
    const { progress$, written } = shown({ isTTY: true, columns: 200 });
    progress$.next(halfWay);
    progress$.next({ ...halfWay, bytes: { read: 100, total: 100 }, etaMs: 0 });
    expect(written).toEqual([
      `${CLEAR}████████████░░░░░░░░░░░░  50 %  19/80 files  1.21 M samples  785 k/s  1:05 left`,
      `${CLEAR}████████████████████████ 100 %  19/80 files  1.21 M samples  785 k/s  0:00 left`,
    ]);
    expect(written.join("")).not.toContain("\n");
  });

  it("never wraps, because a wrapped line cannot be rewritten", () => {
    const { progress$, written } = shown({ isTTY: true, columns: 40 });
    progress$.next(halfWay);
    expect(written[0]?.slice(CLEAR.length)).toHaveLength(39);
  });

  it("says nothing of the end while nothing is known", () => {
    const { progress$, written } = shown({ isTTY: true });
    progress$.next({ ...halfWay, bytes: { read: 0, total: 0 }, etaMs: undefined });
    expect(written[0]).toMatch(/ {2}0 % .*\/s$/);
  });

  it("clears the line at the end, and only if there was one", () => {
    const { progress$, written, end } = shown({ isTTY: true });
    progress$.next(halfWay);
    end();
    progress$.next(halfWay);
    expect(written.slice(1)).toEqual([CLEAR]);
    const silent = shown({ isTTY: true });
    silent.end();
    expect(silent.written).toEqual([]);
  });
});

describe("progress in a log", () => {
  it("is a line a second, without control characters", () => {
    const { progress$, written, end } = shown({});
    for (const elapsedMs of [0, 400, 999, 1_000, 1_400, 2_100]) {
      progress$.next({ ...halfWay, elapsedMs });
    }
    end();
    expect(written).toEqual([
      "0:01   50 %  19 of 80 files, 1,206,120 samples accepted, 785 k samples/s, 1:05 left\n",
      "0:02   50 %  19 of 80 files, 1,206,120 samples accepted, 785 k samples/s, 1:05 left\n",
    ]);
  });
});
