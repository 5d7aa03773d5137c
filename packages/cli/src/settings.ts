import * as v from "valibot";
import type { DatabaseSettings } from "./database-access.ts";

/** Something to load by specifier, and its options. */
export interface PluginSettings {
  readonly specifier: string;
  readonly options: Readonly<Record<string, string>>;
}

/** Which samples are delivered, and how their series are called. */
export interface SelectionSettings {
  readonly metrics: "all" | "default" | readonly string[];
  readonly excludeMetrics?: readonly string[] | undefined;
  readonly resources?: readonly string[] | undefined;
  readonly elements?: readonly string[] | undefined;
  readonly excludeElements?: readonly string[] | undefined;
  /** First time to load, as typed. */
  readonly from?: string | undefined;
  /** First time not to load, as typed. */
  readonly to?: string | undefined;
  readonly dropNotCollected: boolean;
  readonly naming: "seed" | "clean";
  readonly controllerLabel: boolean;
  readonly metricIdLabel: boolean;
  /** File with ids of the user's own. */
  readonly idTables?: string | undefined;
}

/** What `millrace ingest` needs to know, from the file, the environment and the command line together. */
export interface IngestSettings extends SelectionSettings, DatabaseSettings {
  readonly inputs: readonly string[];
  /** Whether a URL among the inputs may lead to this machine or its network. */
  readonly allowPrivateAddresses: boolean;
  /** Folder for archives inside an archive that do not fit into memory. */
  readonly spillDir?: string | undefined;
  /** False: no database, only files. */
  readonly vm: boolean;
  readonly workers: number;
  /** Bounds for hostile archives, other than the usual ones, by their names. */
  readonly limits: Readonly<Record<string, number>>;
  readonly batchSize?: number | undefined;
  readonly connections?: number | "auto" | undefined;
  readonly format?: "remote-write" | "json" | "prometheus" | undefined;
  readonly compression?: "auto" | "none" | "zstd" | "gzip" | undefined;
  /** Labels that every series gets. */
  readonly labels: Readonly<Record<string, string>>;
  /** New names of labels, by the old ones. */
  readonly renameLabels: Readonly<Record<string, string>>;
  readonly source?: string | undefined;
  readonly sourceOptions: Readonly<Record<string, string>>;
  readonly parser?: string | undefined;
  readonly parserOptions: Readonly<Record<string, string>>;
  readonly stages: readonly PluginSettings[];
  readonly html?: string | undefined;
  /** File for one line a sample. */
  readonly csv?: string | undefined;
  /** Folder for one table a resource type. */
  readonly wideCsv?: string | undefined;
  readonly parquet?: string | undefined;
  /** Pack the CSV files. */
  readonly gzip: boolean;
  readonly sink?: string | undefined;
  readonly sinkOptions: Readonly<Record<string, string>>;
  readonly verify: boolean;
  readonly dryRun: boolean;
  /** Where the load keeps note of its progress; undefined: in the state folder. */
  readonly checkpoint?: string | undefined;
  /** False: a load that breaks off starts anew. */
  readonly checkpoints: boolean;
  /** True: the sink must be able to go on, and a finished load is not loaded again. */
  readonly resume: boolean;
  /** Forget what broke off before. */
  readonly restart: boolean;
  /** Leave out inputs that the database holds already. */
  readonly skipExisting: boolean;
  /** File for the series that the database refuses. */
  readonly deadLetter?: string | undefined;
  readonly report?: string | undefined;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly monitor: boolean;
}

const WHOLE = (issue: v.BaseIssue<unknown>): string =>
  `give a whole number, not ${issue.received ?? "this"}`;
const DIGITS = v.pipe(v.string(), v.regex(/^\d+$/), v.transform(Number));

/** The environment and the command line give text, a file gives numbers. */
function wholeNumber(least: number, most: number): v.GenericSchema<unknown, number> {
  return v.pipe(
    v.union([v.number(), DIGITS], WHOLE),
    v.integer(WHOLE),
    v.minValue(least, (issue) => `give ${least} or more, not ${issue.received}`),
    v.maxValue(most, (issue) => `give ${most} or less, not ${issue.received}`),
  );
}

const LIMIT = wholeNumber(1, Number.MAX_SAFE_INTEGER);

const SWITCH = v.union(
  [
    v.boolean(),
    v.pipe(
      v.picklist(["true", "false", "1", "0"]),
      v.transform((text) => text === "true" || text === "1"),
    ),
  ],
  "give true or false",
);

/** An empty text is a variable of a script that was never set. */
function named(what: string): v.GenericSchema<unknown, string> {
  return v.pipe(v.string(), v.nonEmpty(what));
}

/** One name in the environment, several in a file and on the command line. */
const NAMES = v.pipe(
  v.union([
    v.array(v.string()),
    v.pipe(
      v.string(),
      v.transform((name) => [name]),
    ),
  ]),
  v.minLength(1, "give a name"),
);
const PAIRS = v.optional(v.record(v.string(), v.string()), {});
const PLUGIN = named("name a file or a package");

const FILE = named("name the file to read");
/** The address of the database, and what opens it. */
const databaseEntries = {
  vmUrl: v.optional(v.string("give an address as text"), "http://localhost:8428"),
  vmSelectUrl: v.optional(named("give the address")),
  vmUser: v.optional(named("give the name")),
  vmPassword: v.optional(v.string()),
  vmPasswordFile: v.optional(FILE),
  vmBearerToken: v.optional(v.string()),
  vmBearerTokenFile: v.optional(FILE),
  vmHeaders: PAIRS,
  vmHeadersFile: v.optional(FILE),
  vmCa: v.optional(FILE),
  vmCert: v.optional(FILE),
  vmKey: v.optional(FILE),
  vmServerName: v.optional(named("give the name")),
  vmInsecure: v.optional(SWITCH, false),
};

const entries = {
  ...databaseEntries,
  inputs: v.array(v.string()),
  allowPrivateAddresses: v.optional(SWITCH, false),
  spillDir: v.optional(named("name the folder")),
  vm: v.optional(SWITCH, true),
  workers: v.optional(wholeNumber(1, 64), 2),
  limits: v.optional(v.record(v.string(), LIMIT), {}),
  batchSize: v.optional(wholeNumber(1, 10_000_000)),
  connections: v.optional(
    v.union([v.literal("auto"), wholeNumber(1, 64)], 'give a whole number from 1 to 64, or "auto"'),
  ),
  format: v.optional(
    v.picklist(["remote-write", "json", "prometheus"], "give remote-write, json or prometheus"),
  ),
  compression: v.optional(
    v.picklist(["auto", "none", "zstd", "gzip"], "give auto, none, zstd or gzip"),
  ),
  metrics: v.optional(v.union([v.picklist(["all", "default"]), NAMES]), "all"),
  excludeMetrics: v.optional(NAMES),
  resources: v.optional(NAMES),
  elements: v.optional(NAMES),
  excludeElements: v.optional(NAMES),
  from: v.optional(named("give a time")),
  to: v.optional(named("give a time")),
  dropNotCollected: v.optional(SWITCH, false),
  naming: v.optional(v.picklist(["seed", "clean"], "give seed or clean"), "seed"),
  controllerLabel: v.optional(SWITCH, false),
  metricIdLabel: v.optional(SWITCH, false),
  idTables: v.optional(named("name the file to read")),
  labels: PAIRS,
  renameLabels: PAIRS,
  source: v.optional(PLUGIN),
  sourceOptions: PAIRS,
  parser: v.optional(PLUGIN),
  parserOptions: PAIRS,
  stages: v.optional(v.array(v.strictObject({ specifier: PLUGIN, options: PAIRS })), []),
  html: v.optional(named("name the file to write")),
  csv: v.optional(named("name the file to write")),
  wideCsv: v.optional(named("name the folder to write into")),
  parquet: v.optional(named("name the file to write")),
  gzip: v.optional(SWITCH, false),
  sink: v.optional(PLUGIN),
  sinkOptions: PAIRS,
  verify: v.optional(SWITCH, false),
  dryRun: v.optional(SWITCH, false),
  checkpoint: v.optional(named("name the file to keep")),
  checkpoints: v.optional(SWITCH, true),
  resume: v.optional(SWITCH, false),
  restart: v.optional(SWITCH, false),
  skipExisting: v.optional(SWITCH, false),
  deadLetter: v.optional(named("name the file to write")),
  report: v.optional(named("name the file to write")),
  json: v.optional(SWITCH, false),
  quiet: v.optional(SWITCH, false),
  monitor: v.optional(SWITCH, false),
};

/** Checks and completes the settings. A key that is not known is refused: it may be a misspelt one. */
export const ingestSettings: v.GenericSchema<unknown, IngestSettings> = v.pipe(
  v.strictObject(entries, (issue) =>
    issue.expected === "never" ? "there is no such setting" : "is missing",
  ),
  v.forward(
    v.check(
      ({ inputs, source }) => inputs.length > 0 || source !== undefined,
      "name at least one archive: a .zip, a folder, a .tgz or a .dat",
    ),
    ["inputs"],
  ),
);

/** What `millrace replay` needs to know. */
export interface ReplaySettings extends DatabaseSettings {
  readonly deadLetter?: string | undefined;
}

const replayEntries = { ...databaseEntries, deadLetter: entries.deadLetter };

/** The names of its settings; all may stand in the environment, too. */
export const REPLAY_KEYS: readonly string[] = Object.keys(databaseEntries);

/** Checks and completes the settings of `millrace replay`. */
export const replaySettings: v.GenericSchema<unknown, ReplaySettings> = v.object(replayEntries);

/** The variables of the environment that are settings; others with this prefix are not ours to judge. */
export function settingVariables(
  env: Readonly<Record<string, string | undefined>>,
  keys: readonly string[] = Object.keys(entries),
): Record<string, string | undefined> {
  const names = keys.map((key) => `MILLRACE_${key.replace(/[A-Z]/g, "_$&").toUpperCase()}`);
  return Object.fromEntries(names.map((name) => [name, env[name]]));
}
