import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { MillraceError, type Run, type RunEvent } from "@millrace/core";
import { followReport, ingest, oceanstor } from "@millrace/ingest";
import type { CommandIo, ExitCode } from "./command-io.ts";
import { type CommandSink, commandSink } from "./command-sink.ts";
import { monitorResources } from "./monitor.ts";
import { showProgress } from "./progress-line.ts";
import { type CommandReport, describeReport } from "./report-text.ts";
import type { IngestSettings } from "./settings.ts";
import { verifyArrays } from "./verify.ts";

/** Carries out `millrace ingest`. */
export async function runIngest(settings: IngestSettings, io: CommandIo): Promise<ExitCode> {
  const { quiet, json } = settings;
  const inputs = settings.inputs.map((path) => resolve(io.cwd, path));
  const sink = await commandSink(settings, io.cwd);
  const controller = new AbortController();
  let interrupted = false;
  const stopListening = io.onInterrupt(() => {
    interrupted = true;
    controller.abort(new MillraceError("ABORTED", "Interrupted."));
  });
  const flow = ingest(inputs, {
    parser: oceanstor({ metrics: settings.metrics }),
    workers: settings.workers,
  });
  const run = flow.to(sink.sink, { signal: controller.signal });
  const follower = followReport(run);
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
  const ingested = await follower.report(outcome.rejected);
  stopProgress?.();
  stopMonitor?.();
  stopListening();

  const { user, system } = process.cpuUsage();
  const report: CommandReport = {
    ...ingested,
    complete: ingested.complete && failure === undefined,
    warnings: [...ingested.warnings, ...outcome.warnings],
    cpuMs: Math.round((user + system) / 1000),
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
    ...(outcome.database === undefined ? {} : { database: outcome.database }),
    dryRun: settings.dryRun,
    ...(await verification(settings, sink, failure, ingested.arrays)),
  };
  if (settings.report !== undefined) {
    await writeFile(resolve(io.cwd, settings.report), `${JSON.stringify(report, null, 2)}\n`);
  }
  if (json) io.stdout.write(`${JSON.stringify({ type: "report", report })}\n`);
  else if (!quiet && report.files.total > 0) {
    io.stdout.write(describeReport(report, outcome, settings));
  }
  if (failure !== undefined && !interrupted) throw failure;
  if (report.files.total === 0 && !interrupted) {
    throw new MillraceError("NOT_FOUND", `Nothing to load: ${inputs.join(", ")} holds no files.`);
  }
  if (interrupted) return 130;
  const verified = report.verified?.every(({ missing }) => missing === 0) ?? true;
  return report.complete && verified && report.files.total > 0 ? 0 : 1;
}

async function verification(
  settings: IngestSettings,
  sink: CommandSink,
  failure: unknown,
  arrays: CommandReport["arrays"],
): Promise<Pick<CommandReport, "verified">> {
  if (!settings.verify || failure !== undefined || settings.dryRun) return {};
  if (sink.databaseUrl === undefined) {
    throw new MillraceError("INVALID_OPTION", "--verify needs the VictoriaMetrics sink.");
  }
  return { verified: await verifyArrays(sink.databaseUrl, arrays) };
}

/** Events as NDJSON, or only the ones that a person must see at once. */
function tellEvents(run: Run<unknown>, settings: IngestSettings, io: CommandIo): void {
  run.events$.subscribe((event) => {
    if (settings.json) io.stdout.write(`${JSON.stringify(plain(event))}\n`);
    else if (event.type === "warning" && settings.quiet) {
      io.stderr.write(`millrace: ${event.message}\n`);
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
