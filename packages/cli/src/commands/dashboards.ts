import { Command, Option } from "commander";
import type { CommandIo, ExitCode } from "../command-io.ts";
import type { DashboardsFlags } from "../run-dashboards.ts";

/** `millrace dashboards`: files from which Grafana shows what was loaded. */
export function dashboardsCommand(io: CommandIo, exit: (code: ExitCode) => void): Command {
  return new Command("dashboards")
    .description("Write Grafana dashboards for what was loaded, and the files that provision them.")
    .requiredOption("--output <folder>", "where to write; files of an earlier time are replaced")
    .addOption(
      new Option(
        "--naming <style>",
        "the naming that archives are loaded with (default: seed)",
      ).choices(["seed", "clean"]),
    )
    .option("--id-tables <file>", "names of further metrics and resource types, as JSON")
    .option(
      "--vm-url <url>",
      "the database as Grafana reaches it: a base URL (default: http://localhost:8428)",
    )
    .option(
      "--dashboards-path <folder>",
      "the folder dashboards as Grafana sees it, in a container (default: where it is written)",
    )
    .addHelpText("after", HELP)
    .action(async (flags: DashboardsFlags) => {
      const { runDashboards } = await import("../run-dashboards.ts");
      exit(await runDashboards(flags, io));
    });
}

const HELP = `
Exit codes:
  0    all files are written
  1    a file cannot be written
  2    a wrong option

Examples:
  millrace dashboards --output grafana
  millrace dashboards --output grafana --vm-url http://victoriametrics:8428 \\
    --dashboards-path /var/lib/grafana/dashboards`;
