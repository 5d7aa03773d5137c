import { Command } from "commander";
import type { CommandIo, ExitCode } from "../command-io.ts";
import type { InspectFlags } from "../run-inspect.ts";
import { limitOption } from "./limit-option.ts";

/** `millrace inspect`: what an archive holds, from the heads of its files. */
export function inspectCommand(io: CommandIo, exit: (code: ExitCode) => void): Command {
  return new Command("inspect")
    .description("Say what is in archives, without loading them.")
    .argument("<input...>", "archives: .zip, .7z, folder, .tgz or .dat, https://… or s3://…")
    .option("--full", "read the head of every file, also in large archives")
    .option("--json", "print the findings as JSON")
    .addOption(limitOption())
    .option("--allow-private-addresses", "read https://… from this machine and its network, too")
    .addHelpText("after", HELP)
    .action(async (inputs: string[], flags: InspectFlags) => {
      const { runInspect } = await import("../run-inspect.ts");
      exit(await runInspect(inputs, flags, io));
    });
}

const HELP = `
Exit codes:
  0    all files could be read
  1    a file could not be read, or there is no performance data
  2    a wrong option, or an input that does not exist

Examples:
  millrace inspect archive.zip
  millrace inspect ./collected --full --json`;
