import { loadConfig } from "@millrace/core";
import { Command } from "commander";
import type { CommandIo, ExitCode } from "../command-io.ts";
import { REPLAY_KEYS, replaySettings, settingVariables } from "../settings.ts";
import { addDatabaseOptions } from "./database-options.ts";

/** `millrace replay`: sends what a database refused once more. */
export function replayCommand(io: CommandIo, exit: (code: ExitCode) => void): Command {
  const command = new Command("replay");
  command
    .description("Send series that a database refused, or an export of VictoriaMetrics, again.")
    .argument("<file...>", "dead-letter files of millrace ingest, or files of JSON lines")
    .option("--dead-letter <file>", "where series go that are refused again")
    .addHelpText("after", HELP)
    .action(async (files: string[], flags: Readonly<Record<string, unknown>>) => {
      const settings = await loadConfig(replaySettings, {
        env: { prefix: "MILLRACE_", values: settingVariables(io.env, REPLAY_KEYS) },
        overrides: flags,
      });
      const { runReplay } = await import("../run-replay.ts");
      exit(await runReplay(files, settings, io));
    });
  addDatabaseOptions(command);
  return command;
}

const HELP = `
The files stay as they are: delete them once their series are where they belong.

Exit codes:
  0    every series was accepted
  1    something was refused again, or a line is no series
  2    a wrong option, or a file that does not exist
  130  interrupted

Example:
  millrace replay archive.dead-letter.ndjson --vm-url http://metrics:8428`;
