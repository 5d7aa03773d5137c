import { describe, it } from "vitest";

/** One rule of a contract, as a test that any plugin can be put through. */
export interface ConformanceCheck<Options> {
  /** The rule, as the title of its test. */
  readonly title: string;
  /** What the plugin would have to offer for this check and does not; undefined when it can run. */
  missing?(options: Options): string | undefined;
  /** Rejects with a sentence about what the plugin did instead. */
  run(options: Options): Promise<void>;
}

/** Registers one test a check; what a plugin cannot offer shows as a skipped test that says why. */
export function registerChecks<Options>(
  label: string,
  checks: readonly ConformanceCheck<Options>[],
  options: Options,
): void {
  describe(label, () => {
    for (const check of checks) {
      const missing = check.missing?.(options);
      it.skipIf(missing !== undefined)(
        missing === undefined ? check.title : `${check.title} (skipped: ${missing})`,
        () => check.run(options),
      );
    }
  });
}
