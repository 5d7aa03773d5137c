import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

/** The command as it is installed. */
export const MILLRACE: string = fileURLToPath(new URL("../bin/millrace.js", import.meta.url));

/** What a finished command left behind. */
export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs. */
export interface Running {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  /** Settles once the command has printed this; rejects when it ends without. */
  printed(text: string): Promise<void>;
}

/** Where and with what a command runs. */
export interface RunSettings {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Types `millrace …` as a user would, in a process of its own, and waits for its end. */
export function millrace(args: readonly string[], settings: RunSettings = {}): Promise<Finished> {
  return startMillrace(args, settings).finished;
}

/** The same without waiting. */
export function startMillrace(args: readonly string[], settings: RunSettings = {}): Running {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("MILLRACE_"));
  const child = spawn(process.execPath, [MILLRACE, ...args], {
    cwd: settings.cwd,
    env: { ...Object.fromEntries(inherited), ...settings.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  // A test that fails half-way must not leave its process.
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const finished = once(child, "close").then(
    ([code, signal]): Finished => ({ code, signal, stdout, stderr }),
  );
  return {
    child,
    finished,
    async printed(text) {
      while (!`${stdout}${stderr}`.includes(text)) {
        const ended = await Promise.race([
          finished,
          new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 10)),
        ]);
        if (ended !== undefined && !`${stdout}${stderr}`.includes(text)) {
          throw new Error(`ended without printing "${text}": ${stdout}${stderr}`);
        }
      }
    },
  };
}
