import { describe, expect, it } from "vitest";
import { middleOf } from "../../test/network/judge-road.ts";
import { seenScenarios, stalledScenarios, tuningScenarios } from "../../test/network/scenarios.ts";
import { simulate, simulateRuns } from "../../test/network/simulate.ts";

// All times here are those of a virtual clock: the same on every machine.
describe("the road to a viewer", () => {
  it.each([0, 4, 8, 13, 26, 30])("is followed as it narrows and widens: scenario %i", (at) => {
    const scenario = tuningScenarios[at];
    if (!scenario) throw new Error(`There is no scenario ${at}.`);
    const middle = middleOf(scenario, simulateRuns(scenario, 5));
    expect(middle.missed).toEqual([]);
  });

  it("is followed where it loses little, however long and steady it is", () => {
    const quiet = seenScenarios.filter(({ lossRatio, rttMs }) => lossRatio <= 0.015 && rttMs < 90);
    const some = quiet.filter((_, at) => at % 2 === 0);
    const missed = some.map((scenario) => middleOf(scenario, simulateRuns(scenario, 3)).missed);
    expect(missed.flat()).toEqual([]);
  });

  it("never carries a frame without the one that it refers to", () => {
    for (const scenario of tuningScenarios.filter((_, at) => at % 4 === 0)) {
      expect(simulate(scenario).broken).toBe(0);
    }
  });

  it("is found again when it was gone for two seconds", () => {
    const [scenario] = tuningScenarios;
    if (!scenario) throw new Error("There are no scenarios.");
    const gone = {
      ...scenario,
      steps: [
        { fromMs: 0, bitrate: 2e6 },
        { fromMs: 10_000, bitrate: 100 },
        { fromMs: 12_000, bitrate: 2e6 },
      ],
      untilMs: 22_000,
    };
    const run = simulate(gone);
    expect(run.stallMs).toBeLessThan(3_500);
    expect(run.recoveryMs).toBeLessThan(5_000);
    expect(run.broken).toBe(0);
  });

  it("is found again where the viewer does not tell of packets that were sent again", () => {
    const [scenario] = tuningScenarios;
    if (!scenario) throw new Error("There are no scenarios.");
    for (const lossRatio of [0, 0.05]) {
      const narrowed = {
        ...scenario,
        lossRatio,
        tellsOfRepetitions: false,
        queueMs: 600,
        steps: [
          { fromMs: 0, bitrate: 2e6 },
          { fromMs: 10_000, bitrate: 2e5 },
          { fromMs: 16_000, bitrate: 2e6 },
        ],
        untilMs: 30_000,
      };
      const run = simulate(narrowed);
      expect(run.stallMs).toBeLessThan(3_500);
      expect(run.recoveryMs).toBeLessThan(10_000);
      expect(run.broken).toBe(0);
    }
  });

  it("is not taken for narrow where a machine at one of its ends stands still", () => {
    const lowest = stalledScenarios.map((scenario) => ({
      scenario,
      share: simulate(scenario).lowestTarget / scenario.maxBitrate,
    }));
    expect(lowest.filter(({ share }) => share < 0.7)).toEqual([]);
  });
});
