import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { abortable, MillraceError, type Run, type RunEvent } from "@millrace/core";
import { collectReport, findInput, type IngestReport, ingest, oceanstor } from "@millrace/ingest";
import { checkOutputs, type Output } from "./check-outputs.ts";
import { forgetLoad, type LoadFiles, loadFiles } from "./checkpoint.ts";
import { type CommandIo, type ExitCode, tellProblem } from "./command-io.ts";
import { type CommandSink, commandSink, type SinkOutcome } from "./command-sink.ts";
import { inputPaths } from "./input-paths.ts";
import { monitorResources } from "./monitor.ts";
import { showProgress } from "./progress-line.ts";
import { type CommandReport, describeProblems, describeReport } from "./report-text.ts";
import type { IngestSettings } from "./settings.ts";
import { listenForStops, type StopSignals } from "./stop-signals.ts";
import { isUnproven, type Verification, verifyArrays } from "./verify.ts";

/** Carries out `millrace ingest`. */
export async function runIngest(given: IngestSettings, io: CommandIo): Promise<ExitCode> {
  const settings = withAbsolutePaths(given, io.cwd);
  const stops = listenForStops(io);
  try {
    const files = await filesOf(settings, io);
    if (files !== undefined && (await isDone(settings, files, io))) return 0;
    const loaded = await loadToTheEnd(settings, files, stops, io);
    const verification = await verify(loaded, stops);
    const report = commandReport(settings, loaded, verification);
    tellReport(report, loaded.outcome, settings, stops.interrupted, io);
    return await endOf(report, loaded, settings, stops.interrupted, io);
  } finally {
    stops.end();
  }
}

/** Only a database can be asked what it holds, so only a load into one keeps note of its progress. */
async function filesOf(settings: IngestSettings, io: CommandIo): Promise<LoadFiles | undefined> {
  const { sink, vm, dryRun, checkpoints, checkpoint, resume, restart, inputs } = settings;
  const impossible =
    sink !== undefined || !vm
      ? "can only be used with a database"
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
  return await loadFiles(settings, io.env);
}

/** Looks at what an earlier load left, and says what will become of it. */
async function isDone(
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

function withAbsolutePaths(settings: IngestSettings, cwd: string): IngestSettings {
  const absolute = (path: string | undefined): string | undefined =>
    path === undefined ? undefined : resolve(cwd, path);
  return {
    ...settings,
    inputs: inputPaths(settings.inputs, cwd),
    html: absolute(settings.html),
    report: absolute(settings.report),
    checkpoint: absolute(settings.checkpoint),
    deadLetter: absolute(settings.deadLetter),
  };
}

/** What can be known to be wrong before hours of work. */
async function checkBeforehand(settings: IngestSettings, sink: CommandSink): Promise<void> {
  const { inputs, html, report, checkpoint, deadLetter } = settings;
  if (settings.verify && !settings.dryRun && sink.check === undefined) {
    throw new MillraceError("INVALID_OPTION", "--verify needs the VictoriaMetrics sink.");
  }
  for (const path of inputs) await findInput(path);
  const outputs: Output[] = [];
  if (html !== undefined) outputs.push({ option: "--html", path: html });
  if (report !== undefined) outputs.push({ option: "--report", path: report });
  if (checkpoint !== undefined) outputs.push({ option: "--checkpoint", path: checkpoint });
  if (deadLetter !== undefined) outputs.push({ option: "--dead-letter", path: deadLetter });
  await checkOutputs(inputs, outputs);
}

/** A load that has ended, well or not. */
interface Loaded {
  readonly ingested: IngestReport;
  readonly outcome: SinkOutcome;
  readonly failure?: unknown;
  readonly sink: CommandSink;
}

/** Pause before a load goes on by itself; the database may just be starting. */
const GO_ON_AFTER_MS = 1_000;

/** Loads, and goes on from the checkpoint when the database was restarted or is away for a while. */
async function loadToTheEnd(
  settings: IngestSettings,
  files: LoadFiles | undefined,
  stops: StopSignals,
  io: CommandIo,
): Promise<Loaded> {
  let hasBegun = false;
  while (true) {
    const sink = await commandSink(settings, io.cwd, stops, files);
    if (!hasBegun) await checkBeforehand(settings, sink);
    const loaded = await load(settings, sink, stops, io);
    const { failure, ingested } = loaded;
    hasBegun ||= ingested.samples.parsed > 0;
    const goesOn = files !== undefined && hasBegun && MillraceError.is(failure);
    if (!goesOn || !failure.retryable || stops.asked.aborted) return loaded;
    tellProblem(io.stderr, `${failure.message} Going on from the checkpoint.`);
    await pause(GO_ON_AFTER_MS, undefined, { signal: stops.asked }).catch(() => {});
  }
}

async function load(
  settings: IngestSettings,
  sink: CommandSink,
  stops: StopSignals,
  io: CommandIo,
): Promise<Loaded> {
  const { inputs, metrics, workers, quiet, json, monitor } = settings;
  const flow = ingest(inputs, { parser: oceanstor({ metrics }), workers });
  stops.waitFor(`Sink "${sink.sink.name}"`);
  const run = flow.to(sink.sink, { signal: stops.asked });
  const reporting = collectReport(run, {
    rejected: (result) => sink.outcome(result).rejected,
  });
  tellEvents(run, settings, io);
  const stopMonitor = monitor ? monitorResources(io.stderr) : undefined;
  const stopProgress = quiet || json ? undefined : showProgress(run, io.stderr);
  const ended = run.result.then(
    (result) => ({ outcome: sink.outcome(result) }),
    (failure: unknown) => ({ outcome: sink.outcome(undefined), failure }),
  );
  try {
    return { ...(await abortable(ended, stops.forced)), ingested: await reporting, sink };
  } finally {
    stopProgress?.();
    stopMonitor?.();
  }
}

async function verify(
  { ingested, sink: { check } }: Loaded,
  stops: StopSignals,
): Promise<Verification> {
  if (check === undefined || ingested.error !== undefined) return {};
  stops.waitFor("The verification");
  return await verifyArrays(check, stops.asked);
}

function commandReport(
  settings: IngestSettings,
  { ingested, outcome }: Loaded,
  verification: Verification,
): CommandReport {
  const { user, system } = process.cpuUsage();
  const { verifyError } = verification;
  return {
    ...ingested,
    complete: ingested.complete && verifyError === undefined && !isUnproven(verification),
    warnings: [...ingested.warnings, ...outcome.warnings],
    elapsedMs: Math.round(ingested.elapsedMs),
    cpuMs: Math.round((user + system) / 1000),
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
    ...(outcome.database === undefined ? {} : { database: outcome.database }),
    dryRun: settings.dryRun,
    ...verification,
  };
}

function tellReport(
  report: CommandReport,
  outcome: SinkOutcome,
  { json, quiet }: IngestSettings,
  interrupted: boolean,
  io: CommandIo,
): void {
  if (json) io.stdout.write(`${JSON.stringify({ type: "report", report })}\n`);
  else if (quiet) io.stderr.write(describeProblems(report));
  else if (report.files.total > 0) io.stdout.write(describeReport(report, outcome, interrupted));
}

/** Writes the report file and tells what went wrong, once the summary is out of danger. */
async function endOf(
  report: CommandReport,
  { outcome, failure }: Loaded,
  settings: IngestSettings,
  interrupted: boolean,
  io: CommandIo,
): Promise<ExitCode> {
  const problems = [...outcome.failures];
  const { files, verifyError } = report;
  if (verifyError !== undefined && !interrupted) {
    problems.push(`The load has ended, but --verify could not be done: ${verifyError}`);
  }
  if (settings.report !== undefined) {
    const { report: path } = settings;
    await writeFile(path, `${JSON.stringify(report, null, 2)}\n`).catch((error: Error) => {
      problems.push(`--report: ${path} was not written: ${error.message}`);
    });
  }
  if (failure === undefined && files.ok + files.counts.partial + files.counts.failed === 0) {
    problems.push(`Nothing to load: no performance files in ${settings.inputs.join(", ")}.`);
  }
  for (const problem of problems) tellProblem(io.stderr, problem);
  if (interrupted) return 130;
  if (failure !== undefined) throw failure;
  return report.complete && problems.length === 0 ? 0 : 1;
}

/** Events as NDJSON, or the ones that a person must see at once, such as a database that is away. */
function tellEvents(run: Run<unknown>, settings: IngestSettings, io: CommandIo): void {
  run.events$.subscribe((event) => {
    if (settings.json) io.stdout.write(`${JSON.stringify(plain(event))}\n`);
    else if (event.type === "warning") tellProblem(io.stderr, event.message);
  });
}

/** An Error has no enumerable fields, so JSON would show nothing of it. */
function plain(event: RunEvent): unknown {
  if (event.type !== "run-error") return event;
  const { error } = event;
  if (!MillraceError.is(error)) return { ...event, error: { message: String(error) } };
  const { code, message, details } = error;
  return { ...event, error: { code, message, details } };
}
