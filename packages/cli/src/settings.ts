import * as v from "valibot";

/** What `millrace ingest` needs to know, from the file, the environment and the command line together. */
export interface IngestSettings {
  readonly inputs: readonly string[];
  readonly vmUrl: string;
  /** False: no database, only the report. */
  readonly vm: boolean;
  readonly workers: number;
  readonly batchSize?: number | undefined;
  readonly connections?: number | undefined;
  readonly metrics: "all" | "default";
  readonly html?: string | undefined;
  readonly sink?: string | undefined;
  readonly sinkOptions: Record<string, string>;
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

const entries = {
  inputs: v.pipe(
    v.array(v.string()),
    v.minLength(1, "name at least one archive: a .zip, a folder, a .tgz or a .dat"),
  ),
  vmUrl: v.optional(v.string(), "http://localhost:8428"),
  vm: v.optional(SWITCH, true),
  workers: v.optional(wholeNumber(1, 64), 2),
  batchSize: v.optional(wholeNumber(1, 10_000_000)),
  connections: v.optional(wholeNumber(1, 64)),
  metrics: v.optional(v.picklist(["all", "default"], "give all or default"), "all"),
  html: v.optional(named("name the file to write")),
  sink: v.optional(named("name a file or a package")),
  sinkOptions: v.optional(v.record(v.string(), v.string()), {}),
  verify: v.optional(SWITCH, false),
  dryRun: v.optional(SWITCH, false),
  checkpoint: v.optional(named("name the file to keep")),
  checkpoints: v.optional(SWITCH, true),
  resume: v.optional(SWITCH, false),
  restart: v.optional(SWITCH, false),
  deadLetter: v.optional(named("name the file to write")),
  report: v.optional(named("name the file to write")),
  json: v.optional(SWITCH, false),
  quiet: v.optional(SWITCH, false),
  monitor: v.optional(SWITCH, false),
};

/** Checks and completes the settings. A key that is not known is refused: it may be a misspelt one. */
export const ingestSettings: v.GenericSchema<unknown, IngestSettings> = v.strictObject(
  entries,
  (issue) => (issue.expected === "never" ? "there is no such setting" : "is missing"),
);

/** The variables of the environment that are settings; others with this prefix are not ours to judge. */
export function settingVariables(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  const names = Object.keys(entries).map(
    (key) => `MILLRACE_${key.replace(/[A-Z]/g, "_$&").toUpperCase()}`,
  );
  return Object.fromEntries(names.map((name) => [name, env[name]]));
}
