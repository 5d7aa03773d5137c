import { spawnSync } from "node:child_process";

/**
 * Why tests that need a program are skipped, to be put behind their name; an empty text where it is installed.
 *
 * @param program - such as `"ffmpeg"`
 */
export function missingProgram(program: string): string {
  const { error } = spawnSync(program, ["-version"], { stdio: "ignore" });
  return error ? ` (skipped: ${program} is not installed)` : "";
}
