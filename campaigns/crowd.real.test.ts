import { expect, it } from "vitest";
import { crowdLine, disturb } from "./crowd.ts";

it("viewers who are slow, still, killed, many or hostile leave nothing behind, and nobody waits for them", async () => {
  const result = await disturb({
    viewers: 1,
    phaseMs: 2_500,
    joins: 24,
    offers: 60,
    oversized: 8,
    seed: 5,
  });
  // Cadence wants a machine that has little else to do: the campaign judges it, and this prints it.
  for (const phase of result.phases) console.info(crowdLine(phase));
  expect(result.differences).toEqual([]);
  for (const { what, cadence } of result.phases) {
    for (const [transport, { frames }] of Object.entries(cadence)) {
      expect(frames, `frames over ${transport} beside: ${what}`).toBeGreaterThan(0);
    }
  }
}, 240_000);
