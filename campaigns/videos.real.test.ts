import { describe, expect, it } from "vitest";
import { openCorrupt } from "./corrupt-videos.ts";
import { judgeFrames } from "./frames.ts";
import { askMany } from "./many-videos.ts";

// A few of each; `npm run campaign -- frames` and `npm run campaign -- videos` run them all.
describe("videos", () => {
  it("that are damaged open or are refused, and leave nothing behind, 60 seeds", async () => {
    const { differences } = await openCorrupt(1, 60);
    expect(differences).toEqual([]);
  }, 120_000);

  it("keep to the memory of their cache, 50 of them at once", async () => {
    const { differences, growthMb, cacheMb } = await askMany(1_000, 1);
    expect(differences).toEqual([]);
    expect(growthMb).toBeLessThan(cacheMb + 150);
  }, 120_000);

  it("give the same frames through the ffmpeg command, one request a clip", async () => {
    const orders = ["random"];
    const judged = judgeFrames({ seed: 1, drivers: ["ffmpeg"], orders, most: 1 });
    for await (const { what, differences } of judged) expect(differences, what).toEqual([]);
  }, 300_000);
});
