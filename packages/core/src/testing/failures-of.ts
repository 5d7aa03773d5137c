import type { ConformanceCheck } from "./conformance.ts";

/** Runs every check that can run and tells which failed, by title, and what they said. */
export async function failuresOf<Options>(
  checks: readonly ConformanceCheck<Options>[],
  options: Options,
): Promise<Readonly<Record<string, string>>> {
  const failures: Record<string, string> = {};
  for (const check of checks) {
    if (check.missing?.(options) !== undefined) continue;
    try {
      await check.run(options);
    } catch (error) {
      failures[check.title] = error instanceof Error ? error.message : String(error);
    }
  }
  return failures;
}
