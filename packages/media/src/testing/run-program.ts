import { execFile } from "node:child_process";
import { MillraceError } from "@millrace/core";

/** Runs a program to its end and gives what it wrote; fails with what it wrote to stderr. */
export function runProgram(
  program: string,
  args: readonly string[],
  input?: Uint8Array,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      args,
      { encoding: "buffer", maxBuffer: 1 << 30 },
      (cause, stdout, stderr) => {
        if (!cause) resolve(stdout);
        else {
          reject(
            new MillraceError("INTERNAL", `${program} ${args.join(" ")} failed: ${stderr}`, {
              cause,
            }),
          );
        }
      },
    );
    // A program that does not read to the end tells why by its status.
    child.stdin?.on("error", () => {});
    child.stdin?.end(input);
  });
}
