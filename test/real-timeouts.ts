import { expect, vi } from "vitest";

// Real components start processes; everything else must be quick.
if (expect.getState().testPath?.endsWith(".real.test.ts")) {
  vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
}
