import { Command, Option } from "commander";
import type { CommandIo, ExitCode } from "../command-io.ts";
import type { ServeFlags } from "../run-serve.ts";

/** `millrace serve`: the web application. */
export function serveCommand(io: CommandIo, exit: (code: ExitCode) => void): Command {
  return new Command("serve")
    .description("Start the web application: upload archives, watch them load, look at charts.")
    .option(
      "--host <address>",
      "where to listen; other than loopback needs a token (default: 127.0.0.1)",
    )
    .option("--port <n>", "0 for any free one (default: 8080)")
    .option("--data <folder>", "uploads, outputs, jobs, checkpoints (default: ./millrace-data)")
    .option("--vm-url <url>", "VictoriaMetrics (default: http://localhost:8428)")
    .option("--grafana-url <url>", "Grafana as the reader of the page reaches it, for links to it")
    .option("--token-file <file>", "token that every caller must send; or set MILLRACE_TOKEN")
    .option(
      "--watch <folder>",
      "load what comes into this folder, and delete it once it is durable",
    )
    .option("--watch-keep", "keep the files of that folder")
    .option("--concurrency <n>", "loads at once (default: 2)")
    .addOption(
      new Option(
        "--role <role>",
        "api takes requests, worker carries out loads (default: all)",
      ).choices(["all", "api", "worker"]),
    )
    .option("--queue-url <url>", "Redis or Valkey, which joins several processes to one server")
    .option("--config <file>", "settings as JSON")
    .option("--log-level <level>", "fatal, error, warn, info, debug or silent (default: info)")
    .addHelpText("after", HELP)
    .action(async (flags: ServeFlags) => {
      const { runServe } = await import("../run-serve.ts");
      exit(await runServe(flags, io));
    });
}

const HELP = `
It is a package of its own: npm install @millrace/full-server

Settings may also stand in the file of --config ({"vmUrl": "…"}) and in the environment
(MILLRACE_VM_URL, MILLRACE_TOKEN, MILLRACE_VM_PASSWORD …). The log goes to standard error, a line of
JSON an entry.

Exit codes:
  0    stopped by SIGINT or SIGTERM: loads that ran go on with the next start
  1    the server could not start
  2    a wrong option or setting

Examples:
  millrace serve --vm-url http://metrics:8428 --grafana-url http://metrics:3000
  millrace serve --watch /var/dumps --port 9000
  millrace serve --role worker --queue-url redis://queue:6379 --data /srv/shared`;
