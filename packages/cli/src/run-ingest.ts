import { access, constants, lstat, realpath, stat, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { MillraceError, type Run, type RunEvent } from "@millrace/core";
import { collectReport, ingest, oceanstor } from "@millrace/ingest";
import { type CommandIo, clearLine, type ExitCode } from "./command-io.ts";
import { type CommandSink, commandSink } from "./command-sink.ts";
import { monitorResources } from "./monitor.ts";
import { showProgress } from "./progress-line.ts";
import { type CommandReport, describeProblems, describeReport } from "./report-text.ts";
import type { IngestSettings } from "./settings.ts";
import { printable } from "./text.ts";
import { type VerifiedArray, verifyArrays } from "./verify.ts";

/** Carries out `millrace ingest`. */
export async function runIngest(settings: IngestSettings, io: CommandIo): Promise<ExitCode> {
  const { quiet, json } = settings;
  const inputs = settings.inputs.map((path) => resolve(io.cwd, path));
  const reportPath = settings.report === undefined ? undefined : resolve(io.cwd, settings.report);
  const sink = await commandSink(settings, io.cwd);
  await checkBeforehand(settings, inputs, reportPath, sink, io);
  const controller = new AbortController();
  let interrupted = false;
  const stopListening = io.onInterrupt(() => {
    interrupted = true;
    io.stderr.write(`${clearLine(io.stderr)}Stopping; once more stops at once.\n`);
    controller.abort(new MillraceError("ABORTED", "Interrupted."));
  });
  const flow = ingest(inputs, {
    parser: oceanstor({ metrics: settings.metrics }),
    workers: settings.workers,
  });
  const run = flow.to(sink.sink, { signal: controller.signal });
  const reporting = collectReport(run, {
    rejected: (result) => sink.outcome(result).rejected,
  });
  tellEvents(run, settings, io);
  const stopMonitor = settings.monitor ? monitorResources(io.stderr) : undefined;
  const stopProgress = quiet || json ? undefined : showProgress(run, io.stderr);

  let result: unknown;
  let failure: unknown;
  try {
    result = await run.result;
  } catch (error) {
    failure = error;
  }
  const outcome = sink.outcome(result);
  const ingested = await reporting;
  stopProgress?.();
  stopMonitor?.();
  stopListening();

  let verified: readonly VerifiedArray[] | undefined;
  try {
    const { databaseUrl } = sink;
    if (settings.verify && !settings.dryRun && failure === undefined && databaseUrl !== undefined) {
      verified = await verifyArrays(databaseUrl, ingested.arrays);
    }
  } catch (error) {
    failure = error;
  }
  const { user, system } = process.cpuUsage();
  const report: CommandReport = {
    ...ingested,
    complete:
      ingested.complete &&
      failure === undefined &&
      (verified ?? []).every(({ missing }) => missing === 0),
    warnings: [...ingested.warnings, ...outcome.warnings],
    elapsedMs: Math.round(ingested.elapsedMs),
    cpuMs: Math.round((user + system) / 1000),
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
    ...(outcome.database === undefined ? {} : { database: outcome.database }),
    dryRun: settings.dryRun,
    ...(verified === undefined ? {} : { verified }),
  };
  if (reportPath !== undefined) {
    await writeFile(reportPath, `${JSON.stringify(report, null, 2)}\n`);
  }
  if (json) io.stdout.write(`${JSON.stringify({ type: "report", report })}\n`);
  else if (quiet) io.stderr.write(describeProblems(report));
  else if (report.files.total > 0) io.stdout.write(describeReport(report, outcome, interrupted));
  if (interrupted) return 130;
  if (failure !== undefined) throw failure;
  if (report.files.ok + report.files.partial.length + report.files.failed.length === 0) {
    io.stderr.write(`millrace: Nothing to load: no performance files in ${inputs.join(", ")}.\n`);
    return 1;
  }
  return report.complete && !isAnythingMissing(report) ? 0 : 1;
}

function isAnythingMissing({ verified = [] }: CommandReport): boolean {
  return verified.some(({ missing }) => missing > 0);
}

/** What can be known to be wrong before hours of work. */
async function checkBeforehand(
  settings: IngestSettings,
  inputs: readonly string[],
  reportPath: string | undefined,
  sink: CommandSink,
  io: CommandIo,
): Promise<void> {
  if (settings.verify && sink.databaseUrl === undefined) {
    throw new MillraceError("INVALID_OPTION", "--verify needs the VictoriaMetrics sink.");
  }
  for (const path of inputs) {
    await stat(path).catch((cause: unknown) => {
      throw new MillraceError("NOT_FOUND", `${path} does not exist or cannot be read.`, { cause });
    });
  }
  const page = settings.html === undefined ? undefined : resolve(io.cwd, settings.html);
  await checkOutputs(inputs, [page, reportPath]);
  if (reportPath === undefined) return;
  await access(dirname(reportPath), constants.W_OK).catch((cause: unknown) => {
    const folder = dirname(reportPath);
    throw new MillraceError(
      "INVALID_OPTION",
      `--report: there is no folder ${folder} that can be written to.`,
      { cause },
    );
  });
}

/** An output must not replace an input, a device, a link, or the other output. */
async function checkOutputs(
  inputs: readonly string[],
  outputs: readonly (string | undefined)[],
): Promise<void> {
  const taken = new Set(await Promise.all(inputs.map((path) => realpath(path))));
  for (const path of outputs) {
    if (path === undefined) continue;
    const found = await lstat(path).catch(() => undefined);
    const wrong = taken.has(path)
      ? "is an input or the other output"
      : found !== undefined && !found.isFile() && !found.isDirectory()
        ? "is no ordinary file"
        : undefined;
    if (wrong !== undefined) {
      throw new MillraceError("INVALID_OPTION", `${path} ${wrong}; name another file to write.`);
    }
    taken.add(path);
  }
}

/** Events as NDJSON, or the ones that a person must see at once, such as a database that is away. */
function tellEvents(run: Run<unknown>, settings: IngestSettings, io: CommandIo): void {
  run.events$.subscribe((event) => {
    if (settings.json) io.stdout.write(`${JSON.stringify(plain(event))}\n`);
    else if (event.type === "warning") {
      io.stderr.write(`${clearLine(io.stderr)}millrace: ${printable(event.message)}\n`);
    }
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
