import { readFile } from "node:fs/promises";
import {
  type Flow,
  loadPlugin,
  MillraceError,
  type PluginKind,
  type PluginKinds,
  pipeline,
  type SeriesBatch,
  type Source,
  type Stage,
} from "@millrace/core";
import {
  type ArchiveParser,
  didYouMean,
  type IdTableRows,
  ingest,
  mapLabels,
  oceanstor,
  readTime,
} from "@millrace/ingest";
import type { IngestSettings } from "./settings.ts";
import type { StopSignals } from "./stop-signals.ts";

/** Where plugins come from, and who is told of them. */
export interface PluginPlace {
  /** Folder from which specifiers are resolved. */
  readonly cwd: string;
  readonly stops: StopSignals;
  /** Told of each specifier before its code runs. */
  readonly onPlugin: (specifier: string) => void;
}

/**
 * The flow that the settings describe, up to the sink; it can be run more than once.
 *
 * @param settings - with absolute paths
 * @throws MillraceError INVALID_OPTION for options that do not go together, or name what does not exist
 */
export async function ingestFlow(
  settings: IngestSettings,
  place: PluginPlace,
): Promise<Flow<SeriesBatch>> {
  const { labels, stages } = settings;
  checkCombination(settings);
  let flow = await begin(settings, place);
  for (const { specifier, options } of stages) {
    const expected = { accepts: CURRENCY, emits: CURRENCY };
    const stage = await load("stage", specifier, options, expected, place);
    flow = flow.pipe(stage as Stage<SeriesBatch, SeriesBatch>);
  }
  return Object.keys(labels).length === 0 ? flow : flow.pipe(mapLabels({ add: labels }));
}

/** Labels that the options add to every series, in this order. */
export function addedLabels(settings: IngestSettings): readonly string[] {
  return [
    ...(settings.controllerLabel ? ["controller"] : []),
    ...(settings.metricIdLabel ? ["metric_id"] : []),
    ...Object.keys(settings.labels),
  ];
}

/** Reads the file of `--id-tables`; undefined where none was named. */
export async function readIdTables({
  idTables: path,
}: Pick<IngestSettings, "idTables">): Promise<IdTableRows | undefined> {
  if (path === undefined) return undefined;
  const refuse = (problem: string, cause: unknown): never => {
    throw new MillraceError("INVALID_OPTION", `--id-tables: ${path} ${problem}`, { cause });
  };
  const text = await readFile(path, "utf8").catch((cause: Error) => {
    return refuse(`cannot be read: ${cause.message}.`, cause);
  });
  try {
    const tables: unknown = JSON.parse(text);
    if (typeof tables === "object" && tables !== null) return tables;
  } catch (cause) {
    refuse("is no JSON.", cause);
  }
  return refuse('must hold an object: { "metrics": […], "resources": […] }.', undefined);
}

/** What flows between `--source`, `--stage` and `--sink`. */
export const CURRENCY = "series-batch";
const LABELS = ["Element", "Resource", "SN", "scrape_interval"];

async function begin(settings: IngestSettings, place: PluginPlace): Promise<Flow<SeriesBatch>> {
  const { source, sourceOptions, parser, parserOptions, inputs, workers, limits } = settings;
  const remote = { allowPrivateAddresses: settings.allowPrivateAddresses };
  const shared = { workers, limits, remote, spillFolder: settings.spillDir };
  if (source !== undefined) {
    const made = await load("source", source, sourceOptions, { emits: CURRENCY }, place);
    return pipeline(made as Source<SeriesBatch>);
  }
  if (parser === undefined) {
    return ingest(inputs, { parser: await oceanstorOf(settings), ...shared });
  }
  const made = await load("parser", parser, parserOptions, { emits: CURRENCY }, place);
  return ingest(inputs, { parser: checkParser(made, parser), ...shared });
}

async function load<K extends PluginKind>(
  kind: K,
  specifier: string,
  options: Readonly<Record<string, string>>,
  expected: { readonly accepts?: string; readonly emits?: string },
  { cwd, stops, onPlugin }: PluginPlace,
): Promise<PluginKinds[K]> {
  onPlugin(specifier);
  stops.waitFor(`Plugin "${specifier}"`);
  const signal = stops.asked;
  const made = await loadPlugin(specifier, { kind, from: cwd, options, ...expected, signal });
  if (kind !== "stage" || typeof made === "function") return made;
  throw new MillraceError(
    "UNSUPPORTED",
    `Plugin "${specifier}" created a stage that is no function.`,
  );
}

function checkParser(made: ArchiveParser, specifier: string): ArchiveParser {
  for (const [name, type] of [
    ["name", "string"],
    ["identify", "function"],
    ["parse", "function"],
  ] as const) {
    if (typeof Object(made)[name] === type) continue;
    throw new MillraceError(
      "UNSUPPORTED",
      `Plugin "${specifier}" created a parser without ${name}; see ArchiveParser of @millrace/ingest.`,
    );
  }
  return made;
}

async function oceanstorOf(settings: IngestSettings): Promise<ArchiveParser> {
  const { metrics, excludeMetrics, resources, elements, excludeElements } = settings;
  const { from, to, dropNotCollected, naming, controllerLabel, metricIdLabel } = settings;
  const idTables = await readIdTables(settings);
  checkTimes(settings);
  return oceanstor({
    metrics,
    ...(excludeMetrics === undefined ? {} : { excludeMetrics }),
    ...(resources === undefined ? {} : { resources }),
    ...(elements === undefined ? {} : { elements }),
    ...(excludeElements === undefined ? {} : { excludeElements }),
    ...(from === undefined ? {} : { fromMs: readTime(from, "--from") }),
    ...(to === undefined ? {} : { toMs: readTime(to, "--to") }),
    dropNotCollected,
    naming,
    controllerLabel,
    metricIdLabel,
    ...(idTables === undefined ? {} : { idTables }),
  });
}

function checkTimes({ from, to }: IngestSettings): void {
  if (from === undefined || to === undefined) return;
  if (readTime(from, "--from") < readTime(to, "--to")) return;
  throw new MillraceError("INVALID_OPTION", `--to: ${to} is not after ${from}, which is --from.`);
}

/** What is asked of a plugin that only the built-in parser can do, and options without their plugin. */
function checkCombination(settings: IngestSettings): void {
  const refuse = (problem: string): never => {
    throw new MillraceError("INVALID_OPTION", problem);
  };
  const { source, sourceOptions, parser, parserOptions, inputs, renameLabels } = settings;
  if (source === undefined && Object.keys(sourceOptions).length > 0) {
    refuse("--source-option needs --source <specifier>.");
  }
  if (parser === undefined && Object.keys(parserOptions).length > 0) {
    refuse("--parser-option needs --parser <specifier>.");
  }
  if (source !== undefined && parser !== undefined) {
    refuse("--parser cannot be used with --source, which delivers what a parser would.");
  }
  if (source !== undefined && inputs.length > 0) {
    refuse(`--source reads by itself; leave out ${inputs.join(", ")}.`);
  }
  const foreign = source === undefined ? parser && "--parser" : "--source";
  if (foreign !== undefined) {
    const used = Object.entries(oceanstorOptions(settings)).find(([, isUsed]) => isUsed);
    if (used !== undefined) refuse(`${used[0]} cannot be used with ${foreign}.`);
    return;
  }
  const labels = [...LABELS, ...addedLabels(settings)];
  const twice = labels.find((name, i) => labels.indexOf(name) < i);
  if (twice !== undefined) {
    refuse(`--label: every series has a label "${twice}" already; give another name.`);
  }
  for (const name of Object.keys(renameLabels)) {
    if (!labels.includes(name)) {
      refuse(`--rename-label: no series has a label "${name}".${didYouMean(name, labels)}`);
    }
  }
}

/** Which options that only the built-in parser knows are in use. */
export function oceanstorOptions(settings: IngestSettings): Readonly<Record<string, boolean>> {
  return {
    "--default-metrics": settings.metrics === "default",
    "--metrics": typeof settings.metrics !== "string",
    "--exclude-metrics": settings.excludeMetrics !== undefined,
    "--resources": settings.resources !== undefined,
    "--elements": settings.elements !== undefined,
    "--exclude-elements": settings.excludeElements !== undefined,
    "--from": settings.from !== undefined,
    "--to": settings.to !== undefined,
    "--drop-not-collected": settings.dropNotCollected,
    "--naming": settings.naming !== "seed",
    "--controller-label": settings.controllerLabel,
    "--metric-id-label": settings.metricIdLabel,
    "--id-tables": settings.idTables !== undefined,
  };
}
