import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";

/** A script in a process of its own, which answers each message with one. */
export interface Child extends Disposable {
  readonly process: ChildProcess;
  ask<T>(): Promise<T>;
}

/** Starts a script, named from this folder, with more options of Node's own if any are given. */
export function startChild(
  script: string,
  args: readonly string[] = [],
  options: readonly string[] = [],
): Child {
  const child = fork(fileURLToPath(new URL(script, import.meta.url)), args, {
    execArgv: ["--conditions=@millrace/source", ...options],
  });
  return {
    process: child,
    async ask() {
      child.send("use");
      return await nextMessage(child);
    },
    [Symbol.dispose]() {
      if (child.connected) child.disconnect();
    },
  };
}

/** What a child says next; its end is a failure. */
export async function nextMessage<T>(child: ChildProcess): Promise<T> {
  return await new Promise((resolve, reject) => {
    const ended = (code: number | null): void =>
      reject(new Error(`the process ${child.spawnargs.at(-1)} ended with ${code}`));
    child.once("exit", ended);
    child.once("message", (message) => {
      child.off("exit", ended);
      resolve(message as T);
    });
  });
}
