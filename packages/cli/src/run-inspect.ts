import { type InspectedArray, type Inspection, inspect } from "@millrace/ingest";
import type { CommandIo, ExitCode } from "./command-io.ts";
import { inputPaths } from "./input-paths.ts";
import { facts, grouped, jsonText, megabytes, minute, plural, printable, table } from "./text.ts";

/** Most gaps listed one by one. */
const GAPS_SHOWN = 10;

/** What may be typed behind `millrace inspect`. */
export interface InspectFlags {
  readonly full?: boolean;
  readonly json?: boolean;
  readonly allowPrivateAddresses?: boolean;
  /** Bounds for hostile archives, other than the usual ones. */
  readonly limit?: Readonly<Record<string, number>>;
}

/** Carries out `millrace inspect`. */
export async function runInspect(
  inputs: readonly string[],
  flags: InspectFlags,
  io: CommandIo,
): Promise<ExitCode> {
  const paths = inputPaths(inputs, io.cwd);
  const found = await inspect(paths, {
    limits: flags.limit ?? {},
    ...(flags.full ? { maxHeaders: Number.POSITIVE_INFINITY } : {}),
    remote: { allowPrivateAddresses: flags.allowPrivateAddresses === true },
  });
  io.stdout.write(flags.json ? `${jsonText(found, 2)}\n` : `${describe(found)}\n`);
  const { failed, partial } = found.files;
  return failed.length + partial.length > 0 || found.arrays.length === 0 ? 1 : 0;
}

function describe(found: Inspection): string {
  const { files, estimated } = found;
  const lines = [`${plural(files.total, "performance file")}, ${megabytes(found.bytes)}`];
  if (estimated) {
    lines.push(
      `Judged by ${grouped(files.read)} of them; counts are estimates (--full reads every head).`,
    );
  }
  if (found.arrays.length === 0) lines.push("No performance data found.");
  for (const array of found.arrays) lines.push("", ...describeArray(array, estimated));
  lines.push(...listed(files.failed, "cannot be read"), ...listed(files.partial, "read in part"));
  return lines.join("\n");
}

function listed(files: Inspection["files"]["failed"], what: string): string[] {
  return files.length === 0
    ? []
    : [
        "",
        `${plural(files.length, "file")} ${what}:`,
        ...files.map(({ file, problem }) => {
          const text = problem.startsWith(`${file} `) ? problem : `${file}: ${problem}`;
          return `  ${printable(text)}`;
        }),
      ];
}

function describeArray(array: InspectedArray, estimated: boolean): string[] {
  const [fromMs, toMs] = array.timeRangeMs;
  const about = estimated ? "about " : "";
  const lines = [
    facts([
      ["array", printable(array.serial)],
      ["model", printable(array.model) || "not told"],
      ["controllers", array.controllers.join(", ") || "not told"],
      ["interval", array.intervals.map((seconds) => `${seconds} s`).join(", ")],
      ["time range", `${minute(fromMs)} to ${minute(toMs)} UTC`],
      ["series", grouped(array.series)],
      ["samples", `${about}${grouped(array.samples)}`],
    ]),
    "",
    table([
      ["resource", "elements", "metrics"],
      ...array.resources.map((r) => [r.name, grouped(r.elements), grouped(r.metrics)]),
    ]),
  ];
  const gaps = array.gaps ?? [];
  if (gaps.length > 0) {
    lines.push("", `${plural(gaps.length, "gap")} in time:`);
    for (const { controller, fromMs: from, toMs: to } of gaps.slice(0, GAPS_SHOWN)) {
      lines.push(`  ${controller}  ${minute(from)} to ${minute(to)}`);
    }
    if (gaps.length > GAPS_SHOWN) lines.push(`  and ${gaps.length - GAPS_SHOWN} more`);
  }
  if (array.unknownMetrics.length > 0) {
    lines.push(
      "",
      `Unknown metric ids (loaded as huawei_unknown_metric_<id>): ${array.unknownMetrics.join(", ")}`,
    );
  }
  if (array.unknownResources.length > 0) {
    lines.push(
      "",
      `Unknown resource ids (loaded as UNKNOWN_RESOURCE_<id>): ${array.unknownResources.join(", ")}`,
    );
  }
  for (const { resource, series, metricIds } of array.sharedNames) {
    lines.push("", `${resource}: ids ${metricIds.join(", ")} share the name ${series}.`);
  }
  return lines;
}
