import { runCommand } from "./run-command.ts";

// Whoever reads our output may stop reading: `millrace inspect archive.zip | head`.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? 0 : 1);
});

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
