import type { Reporter, SerializedError, TestModule } from "vitest/node";

/** Prints `N passed, N failed, N skipped` as the very last line, for whoever reads no more than that. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(
    modules: readonly TestModule[],
    unhandledErrors: readonly SerializedError[] = [],
  ): void {
    const counts = countTests(modules);
    counts.failed += unhandledErrors.length;
    // At the exit, so that not even a coverage table comes after it.
    process.once("exit", (code) => {
      // A set-up that failed runs no test at all; that must not read as a success.
      if (code !== 0 && counts.failed === 0) counts.failed = 1;
      const { passed, failed, skipped } = counts;
      process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
    });
  }
}

/** Counts tests; a file that could not be loaded is a failure. */
function countTests(modules: readonly TestModule[]) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
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
  return counts;
}
