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
import { databaseAccess } from "./database-access.ts";
import { CURRENCY, type PluginPlace } from "./ingest-flow.ts";
import {
  type OutputSink,
  outputLine,
  outputSinks,
  renamed,
  type WrittenOutput,
} from "./output-sinks.ts";
import type { IngestSettings } from "./settings.ts";
import { grouped, plural } from "./text.ts";

/** What a finished sink tells the command. */
export interface SinkOutcome {
  /** Samples refused or dropped after the sink had taken them. */
  readonly rejected: number;
  readonly warnings: readonly string[];
  /** What failed beside the load, which is not to blame for it. */
  readonly failures: readonly string[];
  /** Absent where the sink is no database. */
  readonly database?: DatabaseReport;
  /** Files, folders and pages that were written. */
  readonly outputs: readonly WrittenOutput[];
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

const NOTHING: SinkOutcome = {
  rejected: 0,
  warnings: [],
  failures: [],
  outputs: [],
  lines: [],
};

/**
 * Makes the sink that the settings describe: a database or a plugin, files and a page, or all of them.
 *
 * @param settings - with absolute paths
 */
export async function commandSink(
  settings: IngestSettings,
  place: PluginPlace,
  files: LoadFiles | undefined,
): Promise<CommandSink> {
  const { sink, sinkOptions, vm } = settings;
  if (sink === undefined && Object.keys(sinkOptions).length > 0) {
    throw new MillraceError("INVALID_OPTION", "--sink-option needs --sink <specifier>.");
  }
  const outputs = await outputSinks(settings);
  if (sink === undefined && !vm) return outputsAlone(outputs);
  const main =
    sink === undefined ? await database(settings, files) : await plugin(sink, settings, place);
  return outputs.length === 0 ? main : besideOutputs(main, outputs);
}

/** Without a database the files are the load, and the first that cannot be written ends it. */
function outputsAlone(outputs: readonly OutputSink[]): CommandSink {
  if (outputs.length === 0) {
    throw new MillraceError(
      "INVALID_OPTION",
      "With --no-vm there is nothing to write: add --html <file>, --csv <file>, --wide-csv <folder> or --parquet <file>.",
    );
  }
  const outcomeOf = (results: unknown): SinkOutcome => {
    if (results === undefined) return NOTHING;
    const all = results as readonly unknown[];
    const outcomes = outputs.map((output, i) => outputOutcome(output, all[i]));
    // Each file leaves out the same samples.
    const rejected = Math.max(...outputs.map((output, i) => output.dropped(all[i])));
    return { ...joined(outcomes), rejected };
  };
  const [first, ...others] = outputs as readonly [OutputSink, ...OutputSink[]];
  return others.length === 0
    ? {
        sink: first.sink,
        outcome: (result) => outcomeOf(result === undefined ? undefined : [result]),
      }
    : { sink: tee(...outputs.map(({ sink }) => sink)), outcome: outcomeOf };
}

/** Files are an extra beside a database: hours of loading must not end because one cannot be written. */
function besideOutputs(main: CommandSink, outputs: readonly OutputSink[]): CommandSink {
  return {
    ...main,
    sink: tee(main.sink, ...outputs.map(({ sink }) => optional(sink))),
    outcome(results) {
      const [first, ...others] = (results ?? []) as [unknown?, ...OptionalResult<unknown>[]];
      const outcome = main.outcome(first);
      const extras = others.map((result, i): SinkOutcome => {
        const output = outputs[i] as OutputSink;
        if (result.ok) return outputOutcome(output, result.value);
        const { option, path } = output;
        const failure = `${option}: ${path} was not written: ${result.error.message}`;
        return { ...NOTHING, failures: [failure] };
      });
      return { ...outcome, ...joined([outcome, ...extras]) };
    },
  };
}

function outputOutcome(output: OutputSink, result: unknown): SinkOutcome {
  const written = output.written(result);
  const dropped = output.dropped(result);
  const warning = `${output.option}: ${plural(dropped, "sample")} NaN or infinite, not written.`;
  return {
    ...NOTHING,
    warnings: dropped > 0 ? [warning] : [],
    outputs: [written],
    lines: [outputLine(written)],
  };
}

/** Everything that several outcomes tell. */
function joined(
  outcomes: readonly SinkOutcome[],
): Pick<SinkOutcome, "rejected" | "warnings" | "failures" | "outputs" | "lines"> {
  return {
    rejected: outcomes.reduce((sum, { rejected }) => sum + rejected, 0),
    warnings: outcomes.flatMap(({ warnings }) => warnings),
    failures: outcomes.flatMap(({ failures }) => failures),
    outputs: outcomes.flatMap(({ outputs }) => outputs),
    lines: outcomes.flatMap(({ lines }) => lines),
  };
}

async function plugin(
  specifier: string,
  settings: IngestSettings,
  { cwd, stops, onPlugin }: PluginPlace,
): Promise<CommandSink> {
  const { dryRun, sinkOptions } = settings;
  if (dryRun) {
    throw new MillraceError(
      "INVALID_OPTION",
      "--dry-run works with the VictoriaMetrics sink only.",
    );
  }
  onPlugin(specifier);
  stops.waitFor(`Plugin "${specifier}"`);
  const sink = await loadPlugin(specifier, {
    kind: "sink",
    from: cwd,
    options: sinkOptions,
    accepts: CURRENCY,
    signal: stops.asked,
  });
  const made = sink as Sink<SeriesBatch, unknown>;
  return { sink: renamed(made, settings), outcome: () => NOTHING };
}

async function database(
  settings: IngestSettings,
  files: LoadFiles | undefined,
): Promise<CommandSink> {
  const { createLoadCheck, victoriaMetrics } = await import("@millrace/vm-sink");
  type Result = import("@millrace/vm-sink").VictoriaMetricsResult;
  const { batchSize, connections, format, compression } = settings;
  const { dryRun, verify, renameLabels } = settings;
  const access = await databaseAccess(settings);
  const sink = victoriaMetrics({
    ...access,
    dryRun,
    ...(format === undefined ? {} : { format }),
    ...(compression === undefined ? {} : { compression }),
    ...(batchSize === undefined ? {} : { batchSize }),
    ...(connections === undefined ? {} : { connections }),
    ...(files === undefined ? deadLetterAlone(settings) : files),
  });
  const deadLetter = files?.deadLetter ?? settings.deadLetter;
  const check =
    verify && !dryRun ? createLoadCheck({ ...access, by: renameLabels["SN"] ?? "SN" }) : undefined;
  return {
    sink: renamed(check === undefined ? sink : check.around(sink), settings),
    ...(check === undefined ? {} : { check }),
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
      outputs: [],
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
