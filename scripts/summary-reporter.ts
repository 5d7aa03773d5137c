import type { Reporter, SerializedError, TestModule } from "vitest/node";

/** Prints `N passed, N failed, N skipped` as the very last line, for whoever reads no more than that. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(
    modules: readonly TestModule[],
    unhandledErrors: readonly SerializedError[] = [],
  ): void {
    const line = `${summaryLine(modules, unhandledErrors.length)}\n`;
    // At the exit, so that not even a coverage table comes after it.
    process.once("exit", () => process.stdout.write(line));
  }
}

/** Counts tests; a file that could not be loaded, or an error outside of all tests, is a failure. */
function summaryLine(modules: readonly TestModule[], unhandled: number): string {
  const counts = { passed: 0, failed: unhandled, skipped: 0 };
  for (const module of modules) {
    let failedHere = 0;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === "pending") counts.skipped += 1;
      else counts[state] += 1;
      if (state === "failed") failedHere += 1;
    }
    if (module.state() === "failed" && failedHere === 0) counts.failed += 1;
  }
  return `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`;
}
