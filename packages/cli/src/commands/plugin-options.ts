import { type Command, InvalidArgumentError, Option } from "commander";
import type { PluginSettings } from "../settings.ts";

/** `--sink`: another end of the flow than a database. */
export const SINK: Option = new Option(
  "--sink <specifier>",
  "send to this plugin instead: ./my-sink.ts or a package; it runs with your rights",
).conflicts("vmUrl");

/** Adds the options for code of the user's own, but those of the sink. */
export function addPluginOptions(command: Command): void {
  const stages = new StageList();
  command
    .option(
      "--parser <specifier>",
      "read the files with this plugin: ./my-parser.ts or a package; it runs with your rights",
    )
    .option("--parser-option <key=value>", "option for that plugin; may be repeated", collectPairs)
    .option("--source <specifier>", "load what this plugin delivers, instead of archives")
    .option("--source-option <key=value>", "option for that plugin; may be repeated", collectPairs)
    .option("--stage <specifier>", "send everything through this plugin; may be repeated", (text) =>
      stages.begin(text),
    )
    .option("--stage-option <key=value>", "option for the stage named before it", (text) =>
      stages.setOption(text),
    );
}

/** What was typed, under the names that settings have. */
export function pluginSettings(flags: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { sinkOption, sourceOption, parserOption, stage, stageOption, ...others } = flags;
  return {
    ...others,
    sinkOptions: sinkOption,
    sourceOptions: sourceOption,
    parserOptions: parserOption,
    stages: stage ?? stageOption,
  };
}

/** Takes `key=value`; a key alone is a switch. */
export function collectPairs(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const at = text.indexOf("=");
  return at < 0
    ? withPair(before, text, "true")
    : withPair(before, text.slice(0, at), text.slice(at + 1));
}

/** Of two values for one name, nobody can tell which is meant. */
export function withPair(
  before: Readonly<Record<string, string>>,
  name: string,
  value: string,
): Record<string, string> {
  if (Object.hasOwn(before, name)) {
    throw new InvalidArgumentError(`There is a value for "${name}" already: "${before[name]}".`);
  }
  // Not by assignment: "__proto__" is a name like any other.
  return Object.fromEntries([...Object.entries(before), [name, value]]);
}

/** Stages in the order in which they were typed, each with the options behind it. */
class StageList {
  readonly #stages: PluginSettings[] = [];

  begin(specifier: string): readonly PluginSettings[] {
    this.#stages.push({ specifier, options: {} });
    return this.#stages;
  }

  setOption(text: string): readonly PluginSettings[] {
    const last = this.#stages.pop();
    if (last === undefined) throw new InvalidArgumentError("Name the --stage before it.");
    this.#stages.push({ ...last, options: collectPairs(text, last.options) });
    return this.#stages;
  }
}
