import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { MillraceError } from "@millrace/core";

/** A program that runs, with its pipes. */
export interface ChildProgram {
  /** Writes to it; settles when it takes more. What it does not read because it ended is dropped. */
  write(bytes: Uint8Array): Promise<void>;
  /** Says that no more comes. */
  end(): void;
  readonly stdout: Readable;
  /** Ends it, if it runs. */
  kill(): void;
  /** Settles when it is gone and everything that it wrote was read; rejects when it could not be started. */
  readonly ended: Promise<{ readonly status: number | null; readonly killed: boolean }>;
  /** The last lines of stderr that are no information, for messages. */
  complaints(): string;
}

const COMPLAINT_LINES = 12;
const COMPLAINT_LENGTH = 400;

/**
 * Starts ffmpeg.
 *
 * @param path - the program
 * @param onLine - called for each line of stderr
 * @param env - its environment; that of this process unless given
 */
export function childProgram(
  path: string,
  args: readonly string[],
  onLine: (line: string) => void,
  env?: Readonly<Record<string, string | undefined>>,
): ChildProgram {
  const child = spawn(path, args, { stdio: ["pipe", "pipe", "pipe"], ...(env && { env }) });
  const complaints: string[] = [];
  let isGone = false;
  readLines(child.stderr, (line) => {
    onLine(line);
    if (/\[info\]/.test(line) || line === "") return;
    complaints.push(line.slice(0, COMPLAINT_LENGTH));
    if (complaints.length > COMPLAINT_LINES) complaints.shift();
  });
  // A program that ends early tells why by its status and its stderr, not by a broken pipe.
  child.stdin.on("error", () => {});
  const ended = whenEnded(child, path).finally(() => {
    isGone = true;
  });
  ended.catch(() => {});
  return {
    async write(bytes) {
      if (isGone || child.stdin.destroyed) return;
      if (child.stdin.write(bytes)) return;
      await Promise.race([once(child.stdin, "drain"), once(child.stdin, "close")]).catch(() => {});
    },
    end: () => child.stdin.end(),
    stdout: child.stdout,
    kill: () => child.kill("SIGKILL"),
    ended,
    complaints: () => complaints.join("\n"),
  };
}

function whenEnded(child: ChildProcess, path: string): ChildProgram["ended"] {
  return new Promise((resolve, reject) => {
    child.on("error", (cause) => {
      reject(
        new MillraceError(
          "MISSING_DEPENDENCY",
          `ffmpeg: ${path} cannot be started (${cause.message}); install it (on Debian: apt-get install ffmpeg), ` +
            "or name it with the option path.",
          { cause },
        ),
      );
    });
    child.on("close", (status, signal) => resolve({ status, killed: signal !== null }));
  });
}

function readLines(stream: Readable, onLine: (line: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (text: string) => {
    const lines = (rest + text).split(/\r?\n/);
    // A line without an end is bounded like the others.
    rest = (lines.pop() ?? "").slice(0, 65_536);
    for (const line of lines) onLine(line);
  });
  stream.on("end", () => {
    if (rest !== "") onLine(rest);
  });
}
