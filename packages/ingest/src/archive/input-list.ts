import { MillraceError } from "@millrace/core";

/**
 * Inputs as a list.
 *
 * @throws MillraceError INVALID_OPTION for what is no text, and for an empty one
 */
export function inputList(inputs: string | readonly string[]): readonly string[] {
  const list: unknown = typeof inputs === "string" ? [inputs] : inputs;
  if (!Array.isArray(list)) refuse(`inputs is ${String(list)}`);
  const given = list as readonly unknown[];
  for (const [i, input] of given.entries()) {
    if (typeof input !== "string" || input === "") refuse(`inputs[${i}] is ${quoted(input)}`);
  }
  return given as readonly string[];
}

function refuse(problem: string): never {
  throw new MillraceError(
    "INVALID_OPTION",
    `${problem}; give a path or a URL as text, or a list of them.`,
  );
}

function quoted(input: unknown): string {
  return typeof input === "string" ? JSON.stringify(input) : String(input);
}
