import { MillraceError } from "@millrace/core";
import { Command, CommanderError } from "commander";
import { type CommandIo, type ExitCode, tellProblem } from "./command-io.ts";
import { dashboardsCommand } from "./commands/dashboards.ts";
import { ingestCommand } from "./commands/ingest.ts";
import { inspectCommand } from "./commands/inspect.ts";
import { replayCommand } from "./commands/replay.ts";
import { serveCommand } from "./commands/serve.ts";
import { printable } from "./text.ts";
import { version } from "./version.ts";

/**
 * Runs one command line.
 *
 * @param args - without the program's own name: `["ingest", "archive.zip"]`
 * @returns the exit code; errors are written to `io.stderr`, never thrown
 */
export async function runCommand(args: readonly string[], io: CommandIo): Promise<ExitCode> {
  let exitCode: ExitCode = 0;
  const program = new Command("millrace")
    .description("Archives of storage metrics into a database.")
    .version(version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text.split("\n").map(printable).join("\n")),
    })
    .showHelpAfterError("(add --help for the options)");
  const commands = [ingestCommand, inspectCommand, replayCommand, dashboardsCommand, serveCommand];
  for (const create of commands) {
    const command = create(io, (code) => {
      exitCode = code;
    });
    program.addCommand(command.copyInheritedSettings(program));
  }
  try {
    await program.parseAsync([...args], { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    tellProblem(io.stderr, error);
    return exitCodeOf(error);
  }
}

function exitCodeOf(error: unknown): ExitCode {
  if (!MillraceError.is(error)) return 1;
  if (error.code === "ABORTED") return 130;
  // What the user can mend on the command line itself.
  return error.code === "INVALID_OPTION" || error.code === "NOT_FOUND" ? 2 : 1;
}
