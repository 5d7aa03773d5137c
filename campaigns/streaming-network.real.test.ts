import { expect, it } from "vitest";
import { runOverNetwork } from "../packages/streaming/test/network/network-run.ts";
import { missingBrowser, startBrowser } from "../packages/streaming/test/stream-page.ts";
import { networkScenario } from "./streaming-network.ts";

if (missingBrowser !== undefined) console.warn(`skipped: ${missingBrowser}`);

it.skipIf(missingBrowser !== undefined)(
  "a stream to Chromium follows a road that narrows and loses packets, with no frame out of order",
  async () => {
    const browser = await startBrowser();
    try {
      const run = await runOverNetwork(browser, networkScenario(40, 0.02, 7, 6_500));
      const { stallMs, ageP50Ms, ageP95Ms, utilisation, framerate } = run;
      console.info(
        `stall ${Math.round(stallMs)} ms, age p50 ${Math.round(ageP50Ms)}, p95 ${Math.round(ageP95Ms)} ms, used ${Math.round(utilisation * 100)} %, ${framerate.toFixed(1)} fps`,
      );
      expect(run.outOfOrder).toBe(0);
      expect(run.lost).toBeGreaterThan(0);
      // It began with 2.5 Mbit/s, and the road carries 0.5 at its narrowest.
      expect(run.lowestTarget).toBeLessThan(700_000);
      expect(framerate).toBeGreaterThan(1);
    } finally {
      await browser.close();
    }
  },
  90_000,
);
