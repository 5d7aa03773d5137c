import { inspect } from "node:util";
import { runCommand } from "./run-command.ts";

// Whoever reads our output may stop reading (`| head`), or its disk may be full. A load is worth more
// than its progress line, so it goes on, and the exit code and the report file still tell the truth.
process.stdout.on("error", () => {});
process.stderr.on("error", () => {});

/** How often the command may be told that it is idle before it has had its chance to end in order. */
const IDLE_TELLINGS = 2;
let idleTellings = 0;
let onIdle: (() => void) | undefined;
/** How long what is left running may keep a process that is done. */
const LEFTOVERS_MS = 250;
const MOST_LEFTOVER_FAILURES = 100;
let leftoverFailures = 0;
let isDone = false;
// Where a promise never settles, the process would end without a word, and with a code of its own.
process.on("beforeExit", () => {
  if (isDone) return;
  idleTellings += 1;
  if (onIdle === undefined || idleTellings > IDLE_TELLINGS) {
    process.stderr.write("millrace: Ended early: nothing is left to wait for.\n");
    process.exit(1);
  }
  // Without it there would be no second telling.
  setImmediate(() => {});
  onIdle();
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
  onIdle(listener) {
    onIdle = listener;
    return () => {
      onIdle = undefined;
    };
  },
});
process.exitCode = code;
isDone = true;
process.on("uncaughtException", onLeftoverFailure);
process.on("unhandledRejection", onLeftoverFailure);
// What was printed goes out first.
process.stdout.write("", () => {
  const unwritten: NodeJS.ErrnoException | null = process.stdout.errored;
  // Who stops reading has seen what they wanted; of a full disk they would never know.
  if (unwritten !== null && unwritten.code !== "EPIPE") {
    process.stderr.write(`millrace: Not all was printed: ${unwritten.message}.\n`);
    process.exitCode ||= 1;
  }
  process.stderr.write("", endWithLeftovers);
});

/**
 * The process ends by itself, unless a plugin left something running. `process.exit()` waits for V8's threads, and one
 * that is compiling may wait for a collection that then never comes (nodejs/node#54918: four commands of a thousand on
 * a busy machine); when nothing has run for a while, none of them compiles.
 */
function endWithLeftovers(): void {
  setTimeout(() => process.exit(), LEFTOVERS_MS).unref();
}

/** What a plugin left running says nothing of what was done: it is told, and the exit code stands. */
function onLeftoverFailure(error: unknown): void {
  leftoverFailures += 1;
  if (leftoverFailures === 1) {
    process.stderr.write(`millrace: What was left running failed: ${inWords(error)}.\n`);
  }
  // One that fails without end may leave no turn to the timer.
  if (leftoverFailures > MOST_LEFTOVER_FAILURES) process.exit();
}

function inWords(error: unknown): string {
  try {
    return error instanceof Error ? String(error.message) : inspect(error);
  } catch {
    return "it does not say how";
  }
}
