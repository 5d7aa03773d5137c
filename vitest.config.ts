import { defineConfig } from "vitest/config";

const conditions = ["@millrace/source"];
const setupFiles = ["./test/real-timeouts.ts"];
const REAL = "**/*.real.test.ts";
const globalSetup = [
  "./test/compile-cache.ts",
  "./test/state-folder.ts",
  "./test/build-if-stale.ts",
];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    environment: "node",
    // One more than the two cores of the machine that this is usually run on: tests with real databases wait for
    // their clocks most of the time.
    maxWorkers: 3,
    // Property tests take a second each, and several on a busy machine.
    testTimeout: 20_000,
    // The default second is too short for a browser on a busy machine.
    expect: { poll: { timeout: 20_000 } },
    reporters: ["default", "./scripts/summary-reporter.ts"],
    coverage: { provider: "v8", include: ["packages/*/src/**"], thresholds: { lines: 80 } },
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["packages/*/src/**/*.test.ts", "examples/*/web/src/**/*.test.ts"],
          exclude: ["**/node_modules/**", REAL],
          setupFiles,
          globalSetup,
        },
      },
      {
        extends: true,
        test: { name: "real", include: [`packages/*/src/${REAL}`], setupFiles, globalSetup },
      },
      {
        extends: true,
        test: {
          name: "docs",
          include: ["docs/*.test.ts"],
          globalSetup: globalSetup.slice(0, 2),
        },
      },
      {
        extends: true,
        test: {
          name: "examples",
          include: ["examples/*/{src,test}/**/*.test.ts"],
          setupFiles,
          globalSetup: [...globalSetup, "./test/build-pages.ts"],
        },
      },
      {
        extends: true,
        test: { name: "campaigns", include: ["campaigns/*.test.ts"], setupFiles, globalSetup },
      },
      {
        extends: true,
        test: { name: "workspace", include: ["test/*.test.ts"], setupFiles, globalSetup },
      },
    ],
  },
});
