import { runCommand } from "./run-command.ts";

// Whoever reads our output may stop reading (`| head`), or its disk may be full. A load is worth more
// than its progress line, so it goes on, and the exit code and the report file still tell the truth.
process.stdout.on("error", () => {});
process.stderr.on("error", () => {});

const code = await runCommand(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  onInterrupt(listener) {
    let asked = 0;
    const onSignal = (): void => {
      asked += 1;
      // A plugin that does not let go must not keep the user waiting.
      if (asked > 1) process.exit(130);
      listener();
    };
    process.on("SIGINT", onSignal);
    process.on("SIGTERM", onSignal);
    return () => {
      process.off("SIGINT", onSignal);
      process.off("SIGTERM", onSignal);
    };
  },
});
process.exitCode = code;
// Whatever a plugin left open when it was interrupted must not keep the process.
if (code === 130) process.stdout.write("", () => process.exit());
