import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { trackOf } from "../../test/track-of.ts";
import { decodeStart, videoIndex } from "../index/video-index.ts";
import { plannedPackets, planRuns } from "./decode-plan.ts";

/** Groups of pictures of any length, some of them open: their first pictures are shown before their key packet. */
const index = fc
  .array(fc.record({ length: fc.integer({ min: 1, max: 12 }), leading: fc.nat(3) }), {
    minLength: 1,
    maxLength: 8,
  })
  .map((groups) => {
    const packets: { pts: number; flags: number }[] = [];
    let shown = 0;
    for (const { length, leading } of groups) {
      const before = packets.length === 0 ? 0 : Math.min(leading, length - 1);
      packets.push({ pts: shown + before, flags: 1 });
      for (let at = 0; at < before; at++) packets.push({ pts: shown + at, flags: 0 });
      for (let at = before + 1; at < length; at++) packets.push({ pts: shown + at, flags: 0 });
      shown += length;
    }
    return videoIndex(trackOf(packets));
  });

describe("planRuns", () => {
  it("decodes every wanted packet once, from where decoding may begin, and nothing twice", () => {
    fc.assert(
      fc.property(index, fc.array(fc.nat(1000), { minLength: 1, maxLength: 40 }), (made, picks) => {
        const wanted = picks.map((pick) => pick % made.track.packets.count);
        const runs = planRuns(made, wanted);
        expect(runs.flatMap(({ targets }) => targets).sort((a, b) => a - b)).toEqual(
          [...new Set(wanted)].sort((a, b) => a - b),
        );
        let end = -1;
        for (const { start, targets } of runs) {
          for (const packet of targets)
            expect(start).toBeLessThanOrEqual(decodeStart(made, packet));
          // Runs do not even touch: where they would, they are one.
          expect(start).toBeGreaterThan(end + 1 - (end === -1 ? 1 : 0));
          end = targets.at(-1) as number;
        }
        expect(plannedPackets(runs)).toBe(fewestPackets(made, wanted));
      }),
    );
  });
});

/** The packets of the union of what each wanted packet needs. */
function fewestPackets(made: ReturnType<typeof videoIndex>, wanted: readonly number[]): number {
  const needed = new Set<number>();
  for (const packet of wanted) {
    for (let at = decodeStart(made, packet); at <= packet; at++) needed.add(at);
  }
  return needed.size;
}
