import { findVictoriaMetrics, startVictoriaMetrics } from "@millrace/vm-sink/server";
import { describe, expect, it } from "vitest";
import { loadExactly } from "./exact.ts";

// A few seeds of the campaign; `npm run campaign -- exact` runs hundreds.
const SEEDS = 24;
const missing =
  (await findVictoriaMetrics()) === undefined ? " [skipped: VictoriaMetrics is not installed]" : "";

describe.skipIf(missing !== "")(`what the database holds${missing}`, () => {
  it("is, sample by sample, what the archives say", async () => {
    const before = process.env["TZ"];
    process.env["TZ"] = "Europe/Berlin";
    try {
      await using database = await startVictoriaMetrics();
      for (let seed = 1; seed <= SEEDS; seed++) {
        const { differences, spec } = await loadExactly(database.url, seed);
        expect(differences, `seed ${seed}: ${JSON.stringify(spec)}`).toEqual([]);
      }
    } finally {
      if (before === undefined) delete process.env["TZ"];
      else process.env["TZ"] = before;
    }
  }, 180_000);
});
