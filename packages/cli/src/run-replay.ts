import { resolve } from "node:path";
import { MillraceError, pipeline, type RunEvent } from "@millrace/core";
import { findInput } from "@millrace/ingest";
import { checkOutputs } from "./check-outputs.ts";
import { type CommandIo, type ExitCode, tellProblem } from "./command-io.ts";
import { databaseAccess, withAbsoluteFiles } from "./database-access.ts";
import { inputPaths } from "./input-paths.ts";
import type { ReplaySettings } from "./settings.ts";
import { listenForStops } from "./stop-signals.ts";
import { grouped } from "./text.ts";

/** Carries out `millrace replay`. */
export async function runReplay(
  files: readonly string[],
  settings: ReplaySettings,
  io: CommandIo,
): Promise<ExitCode> {
  const { seriesLines, victoriaMetrics } = await import("@millrace/vm-sink");
  const access = await databaseAccess(withAbsoluteFiles(settings, io.cwd));
  const paths = inputPaths(files, io.cwd);
  const deadLetter =
    settings.deadLetter === undefined ? undefined : resolve(io.cwd, settings.deadLetter);
  await checkFiles(paths);
  if (deadLetter !== undefined) {
    await checkOutputs(paths, [{ option: "--dead-letter", path: deadLetter }]);
  }
  const stops = listenForStops(io);
  try {
    const sink = victoriaMetrics({
      ...access,
      ...(deadLetter === undefined ? {} : { deadLetter }),
    });
    const run = pipeline(seriesLines(paths)).to(sink, { signal: stops.asked });
    const problems: string[] = [];
    run.events$.subscribe((event) => problems.push(...problemsOf(event)));
    const { samples, rejected } = await run.result;
    for (const problem of problems) tellProblem(io.stderr, problem);
    if (rejected.series > 0) {
      tellProblem(
        io.stderr,
        `${grouped(rejected.series)} series were refused again: ${deadLetter}`,
      );
    }
    io.stdout.write(`${grouped(samples)} samples accepted.\n`);
    return problems.length + rejected.series === 0 ? 0 : 1;
  } catch (error) {
    if (stops.interrupted) return 130;
    throw error;
  } finally {
    stops.end();
  }
}

async function checkFiles(paths: readonly string[]): Promise<void> {
  const refuse = (problem: string): never => {
    throw new MillraceError("INVALID_OPTION", problem);
  };
  for (const [i, path] of paths.entries()) {
    const found = await findInput(path);
    if (found === undefined) refuse(`${path} is a URL; replay reads files alone.`);
    if (found?.isDirectory()) refuse(`${path} is a folder; name the files in it.`);
    // It would be sent twice.
    if (paths.indexOf(path) < i) refuse(`${path} is given twice.`);
  }
}

function problemsOf(event: RunEvent): readonly string[] {
  if (event.type === "warning") return [event.message];
  if (event.type !== "origin-read") return [];
  return event.problems.map((problem) => `${event.origin}: ${problem}`);
}
