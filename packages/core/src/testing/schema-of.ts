import type { StandardSchemaV1 } from "@standard-schema/spec";

/** A Standard Schema out of one function: what a test needs instead of a schema library. */
export function schemaOf<T>(
  check: StandardSchemaV1.Props<unknown, T>["validate"],
): StandardSchemaV1<unknown, T> {
  return { "~standard": { version: 1, vendor: "millrace-tests", validate: check } };
}
