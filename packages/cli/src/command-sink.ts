import {
  loadPlugin,
  MillraceError,
  type OptionalResult,
  optional,
  redactUrl,
  type SeriesBatch,
  type Sink,
  tee,
} from "@millrace/core";
import type { LoadCheck } from "@millrace/vm-sink";
import type { LoadFiles } from "./checkpoint.ts";
import type { IngestSettings } from "./settings.ts";
import type { StopSignals } from "./stop-signals.ts";
import { grouped } from "./text.ts";

/** What a finished sink tells the command. */
export interface SinkOutcome {
  /** Samples refused or dropped after the sink had taken them. */
  readonly rejected: number;
  readonly warnings: readonly string[];
  /** What failed beside the load, which is not to blame for it. */
  readonly failures: readonly string[];
  /** Absent where the sink is no database. */
  readonly database?: DatabaseReport;
  /** Further lines of the summary. */
  readonly lines: readonly (readonly [string, string])[];
}

/** What the run cost the database. */
export interface DatabaseReport {
  readonly version: string | null;
  /** CPU time that it used until everything was accepted. */
  readonly cpuMs?: number;
  /**
   * Share of its cores' time that it worked: cpu / (elapsed x cores). At 1 no client could make it
   * faster; with the client on the same machine, what is missing to 1 is mostly the client.
   */
  readonly ceilingRatio?: number;
  readonly samplesPerSecond: number;
  readonly acceptedMs: number;
  readonly durableMs?: number;
  readonly requests: number;
  readonly sentBytes: number;
  readonly retries: number;
}

/** The sink of a command, and how to read its result. */
export interface CommandSink {
  readonly sink: Sink<SeriesBatch, unknown>;
  /** What `--verify` asks; absent where nobody wants it, or nothing could be asked. */
  readonly check?: LoadCheck;
  outcome(result: unknown): SinkOutcome;
}

const NOTHING: SinkOutcome = { rejected: 0, warnings: [], failures: [], lines: [] };

/**
 * Makes the sink that the settings describe: a database or a plugin, a page, or both.
 *
 * @param settings - with absolute paths
 * @param cwd - where a plugin is looked for
 */
export async function commandSink(
  settings: IngestSettings,
  cwd: string,
  stops: StopSignals,
  files: LoadFiles | undefined,
): Promise<CommandSink> {
  const { html, sink, sinkOptions, vm } = settings;
  if (sink === undefined && Object.keys(sinkOptions).length > 0) {
    throw new MillraceError("INVALID_OPTION", "--sink-option needs --sink <specifier>.");
  }
  if (sink === undefined && !vm) {
    if (html !== undefined) return await htmlPage(html);
    throw new MillraceError(
      "INVALID_OPTION",
      "With --no-vm there is nothing to write: add --html <file>.",
    );
  }
  const main =
    sink === undefined ? await database(settings, files) : await plugin(sink, settings, cwd, stops);
  return html === undefined ? main : besidePage(main, await htmlPage(html), html);
}

/** The page is an extra: hours of loading must not end because it cannot be written. */
function besidePage(main: CommandSink, page: CommandSink, path: string): CommandSink {
  const pageOutcome = (result: OptionalResult<unknown> | undefined): SinkOutcome => {
    if (result === undefined) return NOTHING;
    if (result.ok) return page.outcome(result.value);
    const failure = `--html: ${path} was not written: ${result.error.message}`;
    return { ...NOTHING, failures: [failure] };
  };
  return {
    ...main,
    sink: tee(main.sink, optional(page.sink)),
    outcome(results) {
      const [first, second] = (results ?? []) as [unknown?, OptionalResult<unknown>?];
      const outcome = main.outcome(first);
      const { failures, lines } = pageOutcome(second);
      return { ...outcome, failures, lines: [...outcome.lines, ...lines] };
    },
  };
}

async function htmlPage(path: string): Promise<CommandSink> {
  const { htmlReport } = await import("@millrace/ingest/html-report");
  return {
    sink: htmlReport({ path }),
    outcome(result) {
      if (result === undefined) return NOTHING;
      const { sizeBytes } = result as import("@millrace/ingest/html-report").HtmlReportResult;
      return { ...NOTHING, lines: [["report", `${path} (${(sizeBytes / 1000).toFixed(0)} kB)`]] };
    },
  };
}

async function plugin(
  specifier: string,
  { dryRun, sinkOptions }: IngestSettings,
  cwd: string,
  stops: StopSignals,
): Promise<CommandSink> {
  if (dryRun) {
    throw new MillraceError(
      "INVALID_OPTION",
      "--dry-run works with the VictoriaMetrics sink only.",
    );
  }
  stops.waitFor(`Plugin "${specifier}"`);
  const sink = await loadPlugin(specifier, {
    kind: "sink",
    from: cwd,
    options: sinkOptions,
    accepts: "series-batch",
    signal: stops.asked,
  });
  return { sink: sink as Sink<SeriesBatch, unknown>, outcome: () => NOTHING };
}

async function database(
  settings: IngestSettings,
  files: LoadFiles | undefined,
): Promise<CommandSink> {
  const { createLoadCheck, victoriaMetrics } = await import("@millrace/vm-sink");
  type Result = import("@millrace/vm-sink").VictoriaMetricsResult;
  const { batchSize, connections, dryRun, verify, vmUrl } = settings;
  const sink = victoriaMetrics({
    url: vmUrl,
    dryRun,
    ...(batchSize === undefined ? {} : { batchSize }),
    ...(connections === undefined ? {} : { connections }),
    ...(files === undefined ? deadLetterAlone(settings) : files),
  });
  const deadLetter = files?.deadLetter ?? settings.deadLetter;
  const check = verify && !dryRun ? createLoadCheck({ url: vmUrl, by: "SN" }) : undefined;
  return {
    ...(check === undefined ? { sink } : { sink: check.around(sink), check }),
    outcome(result) {
      return result === undefined ? NOTHING : databaseOutcome(result as Result);
    },
  };

  function databaseOutcome(result: Result): SinkOutcome {
    const { version, cpuMs, cores } = result.database;
    const { acceptedMs, durableMs, lostRows, dropped, present, rejected } = result;
    const lost = Object.entries(lostRows);
    const warnings = lost.map(
      ([reason, rows]) =>
        `The database dropped ${rows} rows (${reason}) during this run. If nobody else was writing, they are ours.`,
    );
    if (dropped > 0) {
      warnings.push(`${dropped} samples were NaN or infinite and were not sent.`);
    }
    return {
      rejected: rejected.samples + dropped + lost.reduce((sum, [, rows]) => sum + rows, 0),
      warnings,
      failures:
        rejected.series === 0
          ? []
          : [
              `The database refused ${grouped(rejected.series)} series; they lie in ${deadLetter}. Once the reason is gone: millrace replay ${deadLetter} --vm-url ${redactUrl(settings.vmUrl)}`,
            ],
      lines: present === 0 ? [] : [["resumed", `${grouped(present)} samples were there already`]],
      database: {
        version: version ?? null,
        ...(cpuMs === undefined ? {} : { cpuMs }),
        ...(cpuMs === undefined || cores === undefined || acceptedMs === 0
          ? {}
          : { ceilingRatio: Math.round((cpuMs / (acceptedMs * cores)) * 1000) / 1000 }),
        samplesPerSecond: Math.round(result.samples / (acceptedMs / 1000)) || 0,
        acceptedMs: Math.round(acceptedMs),
        ...(durableMs === undefined ? {} : { durableMs: Math.round(durableMs) }),
        requests: result.requests,
        sentBytes: result.bytes,
        retries: result.retries,
      },
    };
  }
}

function deadLetterAlone({ deadLetter }: IngestSettings): { readonly deadLetter?: string } {
  return deadLetter === undefined ? {} : { deadLetter };
}
