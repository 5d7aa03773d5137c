import type { FileNote, IngestReport } from "@millrace/ingest";
import type { DatabaseReport, SinkOutcome } from "./command-sink.ts";
import type { WrittenOutput } from "./output-sinks.ts";
import { facts, grouped, megabytes, minute, plural, printable, short } from "./text.ts";
import { isUnproven, type Verification, type VerifiedArray } from "./verify.ts";

/** What `--report` writes: the load's report, and what it cost. */
export interface CommandReport extends IngestReport, Verification {
  /** CPU time of this process. */
  readonly cpuMs: number;
  readonly peakRssBytes: number;
  readonly database?: DatabaseReport;
  /** Files, folders and pages that were written. */
  readonly outputs: readonly WrittenOutput[];
  readonly dryRun: boolean;
}

/** Most files named one by one on the terminal; the JSON report names all. */
const FILES_SHOWN = 10;

/** Below this, CPU time per million samples is the time that starting up takes. */
const ENOUGH_SAMPLES = 100_000;

/** The summary for people. */
export function describeReport(
  report: CommandReport,
  outcome: SinkOutcome,
  interrupted = false,
): string {
  const rows: (readonly [string, string])[] = [
    ["files", filesText(report)],
    ["samples", samplesText(report)],
    ["series", grouped(report.series)],
    ...report.arrays.map(({ serial, model, timeRangeMs: [from, to], intervals }) => {
      const every = intervals.map((seconds) => `${seconds} s`).join(", ");
      return [
        "array",
        `${printable(`${serial} ${model}`)}, ${minute(from)} to ${minute(to)} UTC, every ${every}`,
      ] as const;
    }),
    ...databaseRows(report),
    ...(report.verified ?? []).map((array) => ["verified", verifiedText(array)] as const),
    ["this process", processText(report)],
    ...outcome.lines.map(([name, value]) => [name, printable(value)] as const),
  ];
  const text = [`${headline(report, interrupted)}\n`, indent(facts(rows))];
  const { metrics, resources } = report.unknown;
  if (metrics.length > 0)
    text.push(
      note(`Unknown metric ids, loaded as huawei_unknown_metric_<id>: ${metrics.join(", ")}`),
    );
  if (resources.length > 0)
    text.push(
      note(`Unknown resource ids, loaded as UNKNOWN_RESOURCE_<id>: ${resources.join(", ")}`),
    );
  for (const { series, resource, metricIds } of report.sharedNames) {
    text.push(
      note(
        `${resource}: metric ids ${metricIds.join(", ")} share the name ${series}; both values were loaded.`,
      ),
    );
  }
  for (const warning of report.warnings) text.push(note(printable(warning)));
  const { skipped, counts } = report.files;
  text.push(...problemNotes(report), ...fileNotes("Skipped", skipped, counts.skipped));
  return `${text.join("\n")}\n`;
}

/** What is wrong and nothing else; empty where all is well. Warnings were told when they came. */
export function describeProblems(report: CommandReport): string {
  const unproven = (report.verified ?? []).filter(({ verdict }) => verdict !== "complete");
  const { rejected } = report.samples;
  const lines = [
    ...problemNotes(report),
    ...(rejected > 0 ? [`  ${plural(rejected, "sample")} rejected.`] : []),
    ...unproven.map((array) => `  ${verifiedText(array)}.`),
  ];
  return lines.length === 0 ? "" : `millrace: not everything was loaded.\n${lines.join("\n")}\n`;
}

function problemNotes({ error, files }: CommandReport): string[] {
  // A run that ended early has not failed to read the files that were under way.
  const title = error === undefined ? "Failed" : "Not finished";
  const { failed, partial, counts } = files;
  return [
    ...fileNotes(title, failed, counts.failed),
    ...fileNotes("Partly read", partial, counts.partial),
  ];
}

function headline(report: CommandReport, interrupted: boolean): string {
  const { error, samples, verifyError } = report;
  if (error !== undefined) return endedEarly(report, interrupted);
  if (samples.parsed + samples.accepted === 0) {
    return samples.filtered > 0
      ? "Nothing was loaded: all was filtered out."
      : "Nothing was loaded.";
  }
  if (report.dryRun)
    return report.complete
      ? "Dry run: everything can be sent."
      : "Dry run: not everything can be sent.";
  const verdicts = new Set(report.verified?.map(({ verdict }) => verdict));
  if (verdicts.has("missing") || verdicts.has("different")) {
    return "Loaded, but the database does not hold everything.";
  }
  if (verdicts.has("excess")) return "Loaded, but the database holds more than was sent.";
  if (isUnproven(report)) {
    return "Loaded, but it cannot be told whether the database holds everything.";
  }
  if (verifyError !== undefined) {
    const loaded = isEverythingAccepted(report) ? "Loaded" : "Loaded, but not everything";
    return `${loaded}; the verification ${interrupted ? "was interrupted" : "could not be done"}.`;
  }
  return report.complete ? "Loaded." : "Loaded, but not everything.";
}

function endedEarly({ samples, dryRun }: CommandReport, interrupted: boolean): string {
  if (!interrupted) return samples.accepted === 0 ? "Not loaded." : "Loaded only in part.";
  return samples.accepted === 0 || dryRun
    ? "Interrupted; nothing was loaded."
    : "Interrupted; what was accepted until then stays where it is.";
}

function isEverythingAccepted({ files, samples }: CommandReport): boolean {
  return files.counts.partial + files.counts.failed + samples.rejected === 0;
}

function filesText({ error, files }: CommandReport): string {
  const { total, ok } = files;
  const { partial, failed, skipped } = files.counts;
  const parts = [`${grouped(ok)} of ${grouped(total)} ok`];
  if (partial > 0) parts.push(`${grouped(partial)} partly`);
  if (failed > 0) {
    parts.push(`${grouped(failed)} ${error === undefined ? "failed" : "not finished"}`);
  }
  if (skipped > 0) parts.push(`${grouped(skipped)} skipped`);
  const unread = total - ok - partial - failed - skipped;
  if (error !== undefined && unread > 0) parts.push(`${grouped(unread)} not reached`);
  return parts.join(", ");
}

function samplesText({ samples, dryRun }: CommandReport): string {
  const parts = [`${grouped(samples.parsed)} read`];
  if (!dryRun) parts.push(`${grouped(samples.accepted)} accepted`);
  if (samples.durable > 0) parts.push(`${grouped(samples.durable)} durable`);
  if (samples.filtered > 0) parts.push(`${grouped(samples.filtered)} filtered out`);
  if (samples.rejected > 0) parts.push(`${grouped(samples.rejected)} rejected`);
  return parts.join(", ");
}

function databaseRows({ database, dryRun }: CommandReport): (readonly [string, string])[] {
  if (database === undefined) return [];
  const { requests, sentBytes, retries } = database;
  if (dryRun) return [["to send", `${plural(requests, "request")}, ${megabytes(sentBytes)}`]];
  const seconds = (database.acceptedMs / 1000).toFixed(2);
  const durable =
    database.durableMs === undefined
      ? ""
      : `, durable after ${(database.durableMs / 1000).toFixed(2)} s`;
  const rows: (readonly [string, string])[] = [
    [
      "speed",
      `${short(database.samplesPerSecond)} samples/s, accepted after ${seconds} s${durable}`,
    ],
    [
      "sent",
      `${plural(requests, "request")}, ${megabytes(sentBytes)}${retries > 0 ? `, tried again ${plural(retries, "time")}` : ""}`,
    ],
  ];
  if (database.cpuMs !== undefined && database.ceilingRatio !== undefined) {
    const share = `${Math.round(database.ceilingRatio * 100)} %`;
    const cpu = (database.cpuMs / 1000).toFixed(2);
    rows.push([
      "database",
      `worked ${share} of its cores' time (${cpu} CPU-s); 100 % is its own limit`,
    ]);
  }
  return rows;
}

function verifiedText(array: VerifiedArray): string {
  const { serial, sent, before, found, missing, verdict } = array;
  if (verdict === "missing") {
    return `${serial}: ${grouped(missing)} of ${grouped(sent)} samples are missing`;
  }
  if (verdict === "inconclusive") {
    return `${serial}: the database already held ${grouped(before)} samples of this range, so ${grouped(found - before)} more prove nothing of the ${grouped(sent)} sent`;
  }
  if (verdict === "different") {
    return `${serial}: the database holds ${grouped(found)} samples, as many as were sent, but others`;
  }
  if (verdict === "excess") {
    return `${serial}: the database holds ${grouped(found)} samples, ${grouped(found - sent)} more than were sent, and held none before`;
  }
  const held = `${serial}: the database holds all ${grouped(sent)} samples`;
  return before === 0 ? held : `${held}, beside ${grouped(before)} that it held before`;
}

function processText({ cpuMs, peakRssBytes, samples }: CommandReport): string {
  const perMillion =
    samples.parsed >= ENOUGH_SAMPLES
      ? `, ${(cpuMs / 1000 / (samples.parsed / 1e6)).toFixed(3)} per million samples`
      : "";
  return `${(cpuMs / 1000).toFixed(2)} CPU-s${perMillion}, peak memory ${megabytes(peakRssBytes)}`;
}

function fileNotes(title: string, notes: readonly FileNote[], count: number): string[] {
  if (count === 0) return [];
  const lines = notes.slice(0, FILES_SHOWN).map(({ file, problems }) => {
    const text = problems.join(" ");
    return `    ${printable(text.startsWith(`${file} `) ? text : `${file}: ${text}`)}`;
  });
  if (count > FILES_SHOWN) {
    lines.push(`    and ${grouped(count - FILES_SHOWN)} more; --report <file> names them.`);
  }
  return ["", `  ${title}:`, ...lines];
}

function note(text: string): string {
  return `\n  ! ${text}`;
}

function indent(text: string): string {
  return text.replace(/^/gm, "  ");
}
