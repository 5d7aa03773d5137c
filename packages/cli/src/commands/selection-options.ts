import { type Command, InvalidArgumentError, Option } from "commander";
import { withPair } from "./plugin-options.ts";

/** Adds the options that say which samples are loaded, and under which names. */
export function addSelectionOptions(command: Command): void {
  command
    .addOption(
      new Option("--all-metrics", "every metric in the files (this is the default)").conflicts([
        "defaultMetrics",
        "metrics",
      ]),
    )
    .addOption(
      new Option(
        "--default-metrics",
        "only the short list of metrics that are looked at first",
      ).conflicts("metrics"),
    )
    .option("--metrics <names...>", 'only these: ids, names, or patterns such as "*iops*"')
    .option("--exclude-metrics <names...>", "all but these")
    .option("--resources <names...>", "only these resource types: LUN, Controller, …")
    .option("--elements <patterns...>", 'only these elements: prd_01, or a pattern such as "prd*"')
    .option("--exclude-elements <patterns...>", "all but these")
    .option("--from <time>", "only samples from this time on: 2025-10-20T00:15Z or Unix seconds")
    .option("--to <time>", "only samples before this time")
    .option("--drop-not-collected", "leave out the value -1, the mark of what was not collected")
    .addOption(
      new Option(
        "--naming <style>",
        "seed: names as dashboards expect them (the default); clean: valid names, base units",
      ).choices(["seed", "clean"]),
    )
    .option("--id-tables <file>", "names of further metrics and resource types, as JSON")
    .option("--label <name=value>", "add a label to every series; may be repeated", collectLabels)
    .option("--rename-label <old=new>", "call a label otherwise; may be repeated", collectLabels)
    .option("--controller-label", "add the label controller, so that two of them never mix")
    .option("--metric-id-label", "add the label metric_id");
}

/** What was typed, under the names that settings have. */
export function selectionSettings(
  flags: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const { allMetrics, defaultMetrics, metrics, label, renameLabel, ...others } = flags;
  return {
    ...others,
    metrics: defaultMetrics ? "default" : allMetrics ? "all" : metrics,
    labels: label,
    renameLabels: renameLabel,
  };
}

function collectLabels(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const [, name, value] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw new InvalidArgumentError("Give two words with = between them.");
  }
  return withPair(before, name, value);
}
