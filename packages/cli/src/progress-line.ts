import type { Progress, Run } from "@millrace/core";
import { clearLine, type TextOutput } from "./command-io.ts";
import { clock, grouped, short } from "./text.ts";

const BAR_CELLS = 24;
/** Off a terminal, in a log, more than a line a second says nothing new. */
const LOG_EVERY_MS = 1_000;

/**
 * Shows a run while it goes on: one line that is rewritten on a terminal, one line a second elsewhere.
 *
 * @returns ends the showing and leaves the cursor on a fresh line
 */
export function showProgress(run: Run<unknown>, output: TextOutput): () => void {
  const live = output.isTTY === true;
  let shown = false;
  let loggedMs = 0;
  const subscription = run.progress$.subscribe((progress) => {
    if (live) {
      shown = true;
      output.write(`${clearLine(output)}${fit(liveLine(progress), output.columns)}`);
    } else if (progress.elapsedMs - loggedMs >= LOG_EVERY_MS) {
      loggedMs = progress.elapsedMs;
      output.write(`${logLine(progress)}\n`);
    }
  });
  return () => {
    subscription.unsubscribe();
    if (shown) output.write(clearLine(output));
  };
}

function liveLine(progress: Progress): string {
  const { bytes, origins, units, unitsPerSecond, etaMs } = progress;
  const done = bytes.total > 0 ? Math.min(1, bytes.read / bytes.total) : 0;
  const full = Math.round(done * BAR_CELLS);
  const bar = "█".repeat(full) + "░".repeat(BAR_CELLS - full);
  const eta = etaMs === undefined ? "" : `  ${clock(etaMs)} left`;
  return `${bar} ${percent(done)}  ${origins.read}/${origins.total} files  ${short(units.accepted)} samples  ${short(unitsPerSecond)}/s${eta}`;
}

function logLine(progress: Progress): string {
  const { bytes, origins, units, unitsPerSecond, etaMs, elapsedMs } = progress;
  const done = bytes.total > 0 ? Math.min(1, bytes.read / bytes.total) : 0;
  const eta = etaMs === undefined ? "" : `, ${clock(etaMs)} left`;
  return `${clock(elapsedMs)}  ${percent(done)}  ${grouped(origins.read)} of ${grouped(origins.total)} files, ${grouped(units.accepted)} samples accepted, ${short(unitsPerSecond)} samples/s${eta}`;
}

function percent(part: number): string {
  return `${Math.floor(part * 100)} %`.padStart(5);
}

/** A line that wraps could not be rewritten. */
function fit(line: string, columns: number | undefined): string {
  return columns !== undefined && line.length >= columns ? line.slice(0, columns - 1) : line;
}
