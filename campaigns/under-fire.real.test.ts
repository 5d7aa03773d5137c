import { findVictoriaMetrics } from "@millrace/vm-sink/server";
import { describe, expect, it } from "vitest";
import { loadUnderFire } from "./under-fire.ts";

const missing =
  (await findVictoriaMetrics()) === undefined ? " [skipped: VictoriaMetrics is not installed]" : "";

// One seed of each kind; `npm run campaign -- ingest` runs hundreds.
describe.skipIf(missing !== "")(`a load under fire${missing}`, () => {
  it.each([1, 4, 5, 7])(
    "leaves exactly the archive in the database, seed %d",
    async (seed) => {
      const { differences, story } = await loadUnderFire(seed);
      expect(differences, story).toEqual([]);
    },
    300_000,
  );
});
