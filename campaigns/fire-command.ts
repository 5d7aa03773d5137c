import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** How the command ended. */
export interface CommandEnd {
  /** Null where a signal ended it. */
  readonly code: number | null;
  /** The last of what it printed. */
  readonly said: string;
}

/** One run of the command. */
export interface FireCommand {
  readonly ended: Promise<CommandEnd>;
  readonly isRunning: boolean;
  /** SIGKILL; false where it has ended already. */
  kill(): boolean;
}

const COMMAND = fileURLToPath(new URL("../packages/cli/bin/millrace.js", import.meta.url));

/** Starts `millrace` as its users do, from what is built. */
export function startCommand(args: readonly string[]): FireCommand {
  const child = spawn(process.execPath, [COMMAND, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  return {
    ended: endOf(child),
    get isRunning() {
      return isRunning();
    },
    kill: () => isRunning() && child.kill("SIGKILL"),
  };
}

async function endOf(child: ChildProcess): Promise<CommandEnd> {
  let said = "";
  for (const output of [child.stdout, child.stderr]) {
    output?.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-1_500);
    });
  }
  const [code] = (await once(child, "close")) as [number | null];
  return { code, said };
}
