import { InvalidArgumentError, Option } from "commander";

/** `--limit`: what the message of a refused file says to raise. A function, since each command needs its own. */
export function limitOption(): Option {
  return new Option(
    "--limit <name=value>",
    "another bound for hostile archives: unpackedBytes=2000000000; may be repeated",
  ).argParser(collectLimits);
}

function collectLimits(
  text: string,
  before: Readonly<Record<string, number>> = {},
): Record<string, number> {
  const [, name, digits] = /^([^=]+)=(\d+)$/s.exec(text) ?? [];
  if (name === undefined || digits === undefined) {
    throw new InvalidArgumentError("Give a name and a whole number with = between them.");
  }
  return { ...before, [name]: Number(digits) };
}
