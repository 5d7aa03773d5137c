import { printable } from "./text.ts";

/** Where text goes; a process' own streams fit. */
export interface TextOutput {
  write(text: string): unknown;
  /** True on a terminal: lines may be rewritten. */
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Clears a line that was being rewritten; nothing off a terminal. */
export function clearLine(output: TextOutput): string {
  return output.isTTY === true ? "\r\x1b[2K" : "";
}

/** Writes a problem as every problem of the command is written. */
export function tellProblem(output: TextOutput, problem: unknown): void {
  const text = problem instanceof Error ? problem.message : String(problem);
  output.write(`${clearLine(output)}millrace: ${printable(text)}\n`);
}

/** What the command sees of the world. */
export interface CommandIo {
  /** Results: summaries, or events as NDJSON. */
  readonly stdout: TextOutput;
  /** Progress, warnings and errors. */
  readonly stderr: TextOutput;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Calls the listener once when the user wants to stop; the returned function ends that. */
  onInterrupt(listener: () => void): () => void;
  /**
   * Calls the listener each time the process has nothing left to wait for although the command has not
   * ended, so that a plugin which never settles can be named; the returned function ends that.
   * @defaultValue nobody is told
   */
  onIdle?(listener: () => void): () => void;
}

/** 0 all is well, 1 something failed or is partial, 2 usage, 130 interrupted. */
export type ExitCode = 0 | 1 | 2 | 130;
