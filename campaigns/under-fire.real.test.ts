import { findVictoriaMetrics } from "@millrace/vm-sink/server";
import { describe, expect, it } from "vitest";
import type { Story } from "./stories.ts";
import { loadUnderFire } from "./under-fire.ts";

const missing =
  (await findVictoriaMetrics()) === undefined ? " [skipped: VictoriaMetrics is not installed]" : "";

// A small load of each kind; `npm run campaign ingest` runs until it has made hundreds of kills and faults.
const STORIES: readonly (Story & { readonly seed: number })[] = [
  {
    name: "both are killed, the network fails",
    seed: 1,
    commandKills: 1,
    databaseKills: 1,
    faults: 3,
  },
  {
    name: "both are killed at once, the clock is set back",
    seed: 5,
    commandKills: 1,
    databaseKills: 1,
    together: true,
    clock: "back",
  },
  {
    name: "connections are duplicated",
    seed: 2,
    faults: 3,
    faultKinds: "duplicate",
    duplicates: true,
  },
  { name: "two commands, the clock is stepped", seed: 4, rivals: 1, clock: "both", clockSteps: 1 },
];

describe.skipIf(missing !== "")(`a load under fire${missing}`, () => {
  it.concurrent.each(STORIES)(
    "is exact, or says what is not: $name",
    async ({ seed, ...story }) => {
      const { differences, happened } = await loadUnderFire(seed, { story, deadlineMs: 240_000 });
      expect(differences, JSON.stringify(happened)).toEqual([]);
    },
    300_000,
  );
});
