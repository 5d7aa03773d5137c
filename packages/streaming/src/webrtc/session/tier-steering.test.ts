import { describe, expect, it } from "vitest";
import { createTierSteering, type SteeredViewer } from "./tier-steering.ts";

const TIERS = [
  { height: 720, bitrate: 2_000_000 },
  { height: 480, bitrate: 800_000 },
  { height: 270, bitrate: 300_000 },
];

/** Renditions that remember their bitrate, and viewers whose roads carry what a test says. */
function scene(roads: readonly number[]) {
  const renditions = TIERS.map((tier) => ({
    bitrate: tier.bitrate,
    setBitrate(bitrate: number) {
      this.bitrate = bitrate;
    },
  }));
  const steering = createTierSteering(TIERS);
  let nowMs = 0;
  const viewers = roads.map((carries) => ({
    carries,
    family: "h264" as const,
    tier: 0,
    isTierFixed: false,
    sinceMs: 0,
    moves: [] as number[],
    get rendition() {
      return renditions[this.tier];
    },
    get road(): SteeredViewer["road"] {
      // One who is sent little is not known to carry more than twice that.
      const sent = renditions[this.tier]?.bitrate ?? 0;
      const targetBitrate = Math.min(this.carries, sent * 1.6);
      return { targetBitrate, encoderBitrate: targetBitrate, queueMs: 0, isCongested: false };
    },
    moveTo(tier: number) {
      this.tier = tier;
      this.moves.push(tier);
    },
  }));
  const run = (seconds: number): void => {
    for (const endMs = nowMs + seconds * 1_000; nowMs < endMs; nowMs += 250) {
      steering.steer(viewers, nowMs);
    }
  };
  return { viewers, renditions, run };
}

describe("bitrates and tiers", () => {
  it("follow the road of one viewer, down to where a smaller picture looks better, and up again", () => {
    const { viewers, renditions, run } = scene([1_500_000]);
    const [viewer] = viewers;
    run(10);
    expect(renditions[0]?.bitrate).toBe(1_500_000);
    expect(viewer?.tier).toBe(0);
    if (viewer) viewer.carries = 500_000;
    run(10);
    expect(viewer?.tier).toBe(1);
    expect(renditions[1]?.bitrate).toBe(500_000);
    if (viewer) viewer.carries = 4_000_000;
    run(60);
    expect(viewer?.tier).toBe(0);
    expect(viewer?.moves).toEqual([1, 0]);
  });

  it("leave many alone for the sake of a few", () => {
    const { viewers, renditions, run } = scene([...new Array(9).fill(3_000_000), 400_000]);
    run(20);
    expect(renditions[0]?.bitrate).toBe(2_000_000);
    expect(viewers.map(({ tier }) => tier)).toEqual([...new Array(9).fill(0), 1]);
  });

  it("are not lowered by one who has just come", () => {
    const { viewers, renditions, run } = scene([3_000_000, 100_000]);
    if (viewers[1]) viewers[1].sinceMs = 20_000;
    run(20);
    expect(renditions[0]?.bitrate).toBe(2_000_000);
  });

  it("try a road that does not carry more ever more seldom", () => {
    const { viewers, run } = scene([700_000]);
    const [viewer] = viewers;
    // Its small rendition leaves room, the next one is too much for it.
    if (viewer) {
      Object.defineProperty(viewer, "road", {
        get: () => ({
          targetBitrate: viewer.tier === 0 ? 300_000 : 1_200_000,
          encoderBitrate: viewer.tier === 0 ? 300_000 : 1_200_000,
          queueMs: 0,
          isCongested: false,
        }),
      });
    }
    run(60);
    const first = viewer?.moves.length ?? 0;
    run(60);
    const second = (viewer?.moves.length ?? 0) - first;
    expect(second).toBeLessThan(first);
  });

  it("stay where the application has put them", () => {
    const { viewers, run } = scene([100_000]);
    const [viewer] = viewers;
    if (viewer) viewer.isTierFixed = true;
    run(30);
    expect(viewer?.moves).toEqual([]);
  });
});
