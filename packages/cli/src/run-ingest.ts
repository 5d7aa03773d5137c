import { writeFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import {
  abortable,
  type Flow,
  MillraceError,
  type Run,
  type RunEvent,
  type SeriesBatch,
} from "@millrace/core";
import { collectReport, type IngestReport } from "@millrace/ingest";
import {
  checkBeforehand,
  filesOf,
  isDone,
  leaveOutExisting,
  withAbsolutePaths,
} from "./before-load.ts";
import type { LoadFiles } from "./checkpoint.ts";
import { type CommandIo, type ExitCode, tellProblem } from "./command-io.ts";
import { type CommandSink, commandSink, type SinkOutcome } from "./command-sink.ts";
import { ingestFlow, type PluginPlace } from "./ingest-flow.ts";
import { monitorResources } from "./monitor.ts";
import { showProgress } from "./progress-line.ts";
import { type CommandReport, describeProblems, describeReport } from "./report-text.ts";
import type { IngestSettings } from "./settings.ts";
import { listenForStops, type StopSignals } from "./stop-signals.ts";
import { jsonText, printable } from "./text.ts";
import { isUnproven, type Verification, verifyArrays } from "./verify.ts";

/** Carries out `millrace ingest`. */
export async function runIngest(given: IngestSettings, io: CommandIo): Promise<ExitCode> {
  const asked = withAbsolutePaths(given, io.cwd);
  const stops = listenForStops(io);
  try {
    const place = pluginPlace(asked, stops, io);
    const settings = await leaveOutExisting(asked, stops, io);
    if (settings === undefined) return 0;
    const flow = await ingestFlow(settings, place);
    const files = await filesOf(settings, stops, io);
    if (files !== undefined && (await isDone(settings, files, io))) return 0;
    const loaded = await loadToTheEnd(flow, settings, files, place, io);
    const verification = await verify(loaded, stops);
    const report = commandReport(settings, loaded, verification);
    tellReport(report, loaded.outcome, settings, stops.interrupted, io);
    return await endOf(report, loaded, settings, stops.interrupted, io);
  } finally {
    stops.end();
  }
}

/** Says once of each plugin that it is code. */
function pluginPlace(
  { quiet }: IngestSettings,
  stops: StopSignals,
  { cwd, stderr }: CommandIo,
): PluginPlace {
  const told = new Set<string>();
  return {
    cwd,
    stops,
    onPlugin(specifier) {
      if (!quiet && !told.has(specifier)) {
        stderr.write(`${printable(specifier)} is a program; it runs with all your rights.\n`);
      }
      told.add(specifier);
    },
  };
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
  flow: Flow<SeriesBatch>,
  settings: IngestSettings,
  files: LoadFiles | undefined,
  place: PluginPlace,
  io: CommandIo,
): Promise<Loaded> {
  const { stops } = place;
  let hasBegun = false;
  while (true) {
    const sink = await commandSink(settings, place, files);
    if (!hasBegun) await checkBeforehand(settings, sink);
    const loaded = await load(flow, settings, sink, stops, io);
    const { failure, ingested } = loaded;
    hasBegun ||= ingested.samples.parsed > 0;
    const goesOn = files !== undefined && hasBegun && MillraceError.is(failure);
    if (!goesOn || !failure.retryable || stops.asked.aborted) return loaded;
    tellProblem(io.stderr, `${failure.message} Going on from the checkpoint.`);
    await pause(GO_ON_AFTER_MS, undefined, { signal: stops.asked }).catch(() => {});
  }
}

async function load(
  flow: Flow<SeriesBatch>,
  settings: IngestSettings,
  sink: CommandSink,
  stops: StopSignals,
  io: CommandIo,
): Promise<Loaded> {
  const { quiet, json, monitor } = settings;
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
    outputs: outcome.outputs,
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
  if (json) io.stdout.write(`${jsonText({ type: "report", report })}\n`);
  else if (quiet) io.stderr.write(describeProblems(report));
  else if (report.files.total + report.samples.accepted > 0)
    io.stdout.write(describeReport(report, outcome, interrupted));
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
  const { files, samples, verifyError } = report;
  if (verifyError !== undefined && !interrupted) {
    problems.push(`The load has ended, but --verify could not be done: ${verifyError}`);
  }
  if (settings.report !== undefined) {
    const { report: path } = settings;
    await writeFile(path, `${jsonText(report, 2)}\n`).catch((error: Error) => {
      problems.push(`--report: ${path} was not written: ${error.message}`);
    });
  }
  const read = files.ok + files.counts.partial + files.counts.failed + samples.accepted;
  if (failure === undefined && read === 0) {
    const { source, inputs } = settings;
    const nothing = `no performance files in ${inputs.join(", ")}`;
    problems.push(`Nothing to load: ${source === undefined ? nothing : `${source} has nothing`}.`);
  }
  for (const problem of problems) tellProblem(io.stderr, problem);
  if (interrupted) return 130;
  if (failure !== undefined) throw failure;
  return report.complete && problems.length === 0 ? 0 : 1;
}

/** Events as NDJSON, or the ones that a person must see at once, such as a database that is away. */
function tellEvents(run: Run<unknown>, settings: IngestSettings, io: CommandIo): void {
  run.events$.subscribe((event) => {
    if (settings.json) io.stdout.write(`${jsonText(plain(event))}\n`);
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
