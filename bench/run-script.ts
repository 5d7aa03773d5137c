import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Runs a script of this folder in a process of its own and returns the JSON that it prints. */
export async function runScript(
  script: string,
  args: readonly string[],
  input: unknown,
): Promise<unknown> {
  const file = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(process.execPath, [file, ...args], { stdio: ["pipe", "pipe", "inherit"] });
  const exit = new Promise((resolve) => child.once("exit", resolve));
  child.stdin.end(JSON.stringify(input));
  let text = "";
  for await (const chunk of child.stdout) text += chunk;
  const code = await exit;
  if (code !== 0) throw new Error(`${script} ended with ${code}`);
  return JSON.parse(text);
}
