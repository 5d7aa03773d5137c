import { resolve } from "node:path";
import { loadConfig, MillraceError } from "@millrace/core";
import { Command, Option } from "commander";
import type { CommandIo, ExitCode } from "../command-io.ts";
import { ingestSettings, settingVariables } from "../settings.ts";
import { addDatabaseOptions, addWireOptions } from "./database-options.ts";
import { limitOption } from "./limit-option.ts";
import { addPluginOptions, collectPairs, pluginSettings, SINK } from "./plugin-options.ts";
import { addSelectionOptions, selectionSettings } from "./selection-options.ts";

interface IngestFlags {
  readonly input?: string[];
  readonly config?: string;
  readonly [flag: string]: unknown;
}

/** `millrace ingest`: the options, and where their values come from. */
export function ingestCommand(io: CommandIo, exit: (code: ExitCode) => void): Command {
  const command = new Command("ingest");
  command
    .description("Load archives of performance files into VictoriaMetrics, or another sink.")
    .argument("[input...]", "archives: .zip, .7z, folder, .tgz or .dat, https://… or s3://…")
    .option("-i, --input <path...>", "the same, as an option");
  addSelectionOptions(command);
  addPluginOptions(command);
  addDatabaseOptions(command);
  addWireOptions(command);
  return command
    .option("--allow-private-addresses", "read https://… from this machine and its network, too")
    .addOption(
      new Option("--no-vm", "no database: write files alone (--html, --csv, …)").conflicts("vmUrl"),
    )
    .option(
      "--spill-dir <folder>",
      "put archives inside an archive there that do not fit into memory; nothing is left of them",
    )
    .option("--html <file>", "write a page with charts, one file that needs no network")
    .option(
      "--csv <file>",
      "write one line a sample: Resource;Metric;Element;Value;Time;UnixTime;…",
    )
    .option("--wide-csv <folder>", "write a table a resource type, with a column a metric")
    .option("--parquet <file>", "write one row a sample, for analysis")
    .option("--gzip", "pack the CSV files; a --csv <file> that ends in .gz is packed anyway")
    .addOption(SINK)
    .option("--sink-option <key=value>", "option for that plugin; may be repeated", collectPairs)
    .option("--dry-run", "read, parse, check and encode everything, send nothing")
    .option("--verify", "afterwards ask the database whether it holds every sample")
    .option(
      "--checkpoint <file>",
      "note of how far the load has come (default: a file in ~/.local/state/millrace)",
    )
    .option("--no-checkpoint", "keep no note: a load that breaks off starts anew")
    .addOption(
      new Option(
        "--resume",
        "go on where an earlier load broke off (this is the default), and do nothing if it did not",
      ).conflicts("restart"),
    )
    .option("--restart", "load everything anew, whatever an earlier load left")
    .option("--skip-existing", "leave out archives of which the database holds every sample")
    .option(
      "--dead-letter <file>",
      "series that the database refuses, for millrace replay (default: beside the checkpoint)",
    )
    .option("-w, --workers <n>", "files above 1 MiB inflated at once, 1 to 64 (default: 2)")
    .addOption(limitOption())
    .option("--report <file>", "write the outcome as JSON")
    .option("--json", "print every event as a line of JSON, the report last")
    .option("--quiet", "print problems only")
    .option("--monitor", "print the use of CPU and memory")
    .option("--config <file>", "settings as JSON (default: millrace.config.json, if there is one)")
    .addHelpText("after", HELP)
    .action(async (inputs: string[], flags: IngestFlags) => {
      const { input = [], config, ...others } = flags;
      const { vm, checkpoint, limit, ...rest } = others;
      const named = [...inputs, ...input];
      const settings = await loadConfig(ingestSettings, {
        defaults: { inputs: [] },
        file: {
          path: resolve(io.cwd, config ?? "millrace.config.json"),
          required: config !== undefined,
        },
        env: { prefix: "MILLRACE_", values: settingVariables(io.env) },
        overrides: {
          ...selectionSettings(pluginSettings(rest)),
          limits: limit,
          vm: vm === false ? false : undefined,
          checkpoint: typeof checkpoint === "string" ? checkpoint : undefined,
          checkpoints: checkpoint === false ? false : undefined,
          inputs: named.length > 0 ? named : undefined,
        },
      }).catch(rethrowPlainly);
      const { runIngest } = await import("../run-ingest.ts");
      exit(await runIngest(settings, io));
    });
}

const HELP = `
Settings may also stand in millrace.config.json ({"vmUrl": "…"}) and in the environment
(MILLRACE_VM_URL); the command line wins. Passwords and tokens are never taken from it, where every
process of the machine could read them.

Exit codes:
  0    every sample of every file was accepted, or left out on purpose
  1    something failed or is partial, or there was nothing to load
  2    a wrong option, or an input that does not exist
  130  interrupted

Examples:
  millrace ingest archive.zip
  millrace ingest archive.zip --resume        the same again after a crash, or in a script
  millrace ingest ./collected --vm-url http://metrics:8428 --html report.html --verify
  millrace ingest archive.zip --resources LUN --metrics "*iops*" --from 2025-10-20 --to 2025-10-21
  millrace ingest archive.zip --no-vm --csv samples.csv.gz --parquet samples.parquet
  millrace ingest archive.zip --sink ./my-sink.ts --sink-option path=out.txt`;

/** A person who typed no archive has no "configuration" in mind; and whatever is wrong here, it is usage. */
function rethrowPlainly(error: unknown): never {
  if (!MillraceError.is(error)) throw error;
  const { complaints } = error.details;
  if (!Array.isArray(complaints)) {
    throw new MillraceError("INVALID_OPTION", error.message, { cause: error });
  }
  const plain = complaints.map((complaint) => String(complaint).replace(/^inputs: /, ""));
  throw new MillraceError("INVALID_OPTION", `${plain.join("; ")} (add --help for the options)`, {
    cause: error,
  });
}
