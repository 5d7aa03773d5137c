import { defineConfig } from "vitest/config";

const conditions = ["@millrace/source"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    environment: "node",
    coverage: { provider: "v8", include: ["packages/*/src/**"], thresholds: { lines: 80 } },
    projects: [
      { extends: true, test: { name: "unit", include: ["packages/*/src/**/*.test.ts"] } },
      { extends: true, test: { name: "docs", include: ["docs/doctest.test.ts"] } },
      {
        extends: true,
        test: { name: "live", include: ["packages/*/test/live/**/*.test.ts"], testTimeout: 60_000 },
      },
    ],
  },
});
