import type { StandardSchemaV1 } from "@standard-schema/spec";
import { MillraceError } from "../errors.ts";

/**
 * Checks a value against any Standard Schema and returns what the schema makes of it.
 *
 * @param what - names the value in the message: `the options of plugin "x"`
 * @throws MillraceError INVALID_OPTION naming every path that does not fit
 */
export async function validate<T>(
  schema: StandardSchemaV1<unknown, T>,
  value: unknown,
  what: string,
): Promise<T> {
  const result = await schema["~standard"].validate(value);
  if (result.issues === undefined) return result.value;
  const complaints = result.issues.map(({ path = [], message }) => {
    const keys = path.map((part) => String(typeof part === "object" ? part.key : part));
    return keys.length === 0 ? message : `${keys.join(".")}: ${message}`;
  });
  throw new MillraceError("INVALID_OPTION", `In ${what}: ${complaints.join("; ")}.`, {
    details: { complaints },
  });
}
