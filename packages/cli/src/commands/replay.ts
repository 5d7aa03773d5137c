import { Command } from "commander";
import type { CommandIo, ExitCode } from "../command-io.ts";

/** `millrace replay`: sends what a database refused once more. */
export function replayCommand(io: CommandIo, exit: (code: ExitCode) => void): Command {
  return new Command("replay")
    .description("Send series that a database refused, or an export of VictoriaMetrics, again.")
    .argument("<file...>", "dead-letter files of millrace ingest, or files of JSON lines")
    .option(
      "--vm-url <url>",
      "VictoriaMetrics: base URL or full import URL (default: http://localhost:8428)",
    )
    .option("--dead-letter <file>", "where series go that are refused again")
    .addHelpText("after", HELP)
    .action(async (files: string[], flags: { vmUrl?: string; deadLetter?: string }) => {
      const { runReplay } = await import("../run-replay.ts");
      exit(await runReplay(files, flags, io));
    });
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
