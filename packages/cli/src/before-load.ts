import { resolve } from "node:path";
import { MillraceError } from "@millrace/core";
import { findInput } from "@millrace/ingest";
import { checkOutputs, type Output } from "./check-outputs.ts";
import { forgetLoad, type LoadFiles, loadFiles } from "./checkpoint.ts";
import type { CommandIo } from "./command-io.ts";
import type { CommandSink } from "./command-sink.ts";
import { withAbsoluteFiles } from "./database-access.ts";
import { inputPaths } from "./input-paths.ts";
import type { IngestSettings } from "./settings.ts";
import { withoutExisting } from "./skip-existing.ts";
import type { StopSignals } from "./stop-signals.ts";

/** The settings with the inputs that are left; undefined where none is. */
export async function leaveOutExisting(
  settings: IngestSettings,
  stops: StopSignals,
  io: CommandIo,
): Promise<IngestSettings | undefined> {
  const { skipExisting, sink, vm, source, restart, quiet } = settings;
  if (!skipExisting) return settings;
  const refuse = (problem: string): never => {
    throw new MillraceError("INVALID_OPTION", `--skip-existing ${problem}.`);
  };
  if (sink !== undefined || !vm) refuse("can only be used with a database");
  if (source !== undefined) refuse("cannot be used with --source");
  if (restart) refuse("cannot be used with --restart");
  for (const path of settings.inputs) await findInput(path);
  stops.waitFor("The look at what is there already");
  const inputs = await withoutExisting(settings, io, stops.asked);
  if (inputs.length > 0) return { ...settings, inputs };
  if (!quiet) io.stderr.write("Nothing is left to load.\n");
  return undefined;
}

/** Only a database can be asked what it holds, so only a load into one keeps note of its progress. */
export async function filesOf(
  settings: IngestSettings,
  stops: StopSignals,
  io: CommandIo,
): Promise<LoadFiles | undefined> {
  const { sink, vm, source, dryRun, checkpoints, checkpoint, resume, restart, inputs } = settings;
  const impossible =
    sink !== undefined || !vm
      ? "can only be used with a database"
      : source !== undefined
        ? "cannot be used with --source, which may deliver something else the next time"
        : dryRun
          ? "cannot be used with --dry-run"
          : !checkpoints
            ? "cannot be used with --no-checkpoint"
            : undefined;
  if (impossible !== undefined) {
    const asked = resume ? "--resume" : restart ? "--restart" : checkpoint && "--checkpoint";
    if (asked === undefined || asked === "") return undefined;
    throw new MillraceError("INVALID_OPTION", `${asked} ${impossible}.`);
  }
  for (const path of inputs) await findInput(path);
  return await loadFiles(settings, io, stops.asked);
}

/** Looks at what an earlier load left, and says what will become of it. */
export async function isDone(
  { restart, resume, quiet }: IngestSettings,
  files: LoadFiles,
  io: CommandIo,
): Promise<boolean> {
  const { readCheckpoint } = await import("@millrace/vm-sink");
  const { path, load } = files.checkpoint;
  if (restart) await forgetLoad(files);
  const before = await readCheckpoint(path);
  if (before === undefined || (before.done && !resume)) return false;
  if (before.done && before.load === load) {
    io.stderr.write(`This was loaded already, as ${path} says; --restart loads it once more.\n`);
    return true;
  }
  if (!before.done && !quiet) {
    io.stderr.write(`Going on where a load of the same inputs broke off (${path}).\n`);
  }
  return false;
}

/** The settings with every path taken from the folder `cwd`. */
export function withAbsolutePaths(settings: IngestSettings, cwd: string): IngestSettings {
  const absolute = (path: string | undefined): string | undefined =>
    path === undefined ? undefined : resolve(cwd, path);
  return {
    ...withAbsoluteFiles(settings, cwd),
    inputs: inputPaths(settings.inputs, cwd),
    html: absolute(settings.html),
    csv: packedName(absolute(settings.csv), settings),
    wideCsv: absolute(settings.wideCsv),
    parquet: absolute(settings.parquet),
    report: absolute(settings.report),
    spillDir: absolute(settings.spillDir),
    checkpoint: absolute(settings.checkpoint),
    deadLetter: absolute(settings.deadLetter),
    idTables: absolute(settings.idTables),
  };
}

/** A packed file says so in its name. */
function packedName(
  path: string | undefined,
  { gzip, wideCsv }: IngestSettings,
): string | undefined {
  if (gzip && path === undefined && wideCsv === undefined) {
    throw new MillraceError("INVALID_OPTION", "--gzip needs --csv <file> or --wide-csv <folder>.");
  }
  return gzip && path !== undefined && !path.endsWith(".gz") ? `${path}.gz` : path;
}

/** What can be known to be wrong before hours of work. */
export async function checkBeforehand(settings: IngestSettings, sink: CommandSink): Promise<void> {
  const { inputs, html, csv, wideCsv, parquet, report, checkpoint, deadLetter } = settings;
  if (settings.verify && !settings.dryRun && sink.check === undefined) {
    throw new MillraceError("INVALID_OPTION", "--verify needs the VictoriaMetrics sink.");
  }
  for (const path of inputs) await findInput(path);
  const files = {
    "--html": html,
    "--csv": csv,
    "--parquet": parquet,
    "--report": report,
    "--checkpoint": checkpoint,
    "--dead-letter": deadLetter,
  };
  const outputs = Object.entries(files).flatMap(([option, path]): Output[] =>
    path === undefined ? [] : [{ option, path }],
  );
  if (wideCsv !== undefined) outputs.push({ option: "--wide-csv", path: wideCsv, isFolder: true });
  await checkOutputs(inputs, outputs);
}
