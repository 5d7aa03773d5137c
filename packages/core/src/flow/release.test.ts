import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { releaseItem, shareItem } from "./release.ts";

describe("shareItem", () => {
  it("frees the item once, when the last of its holders has released it", () => {
    const order = fc.integer({ min: 1, max: 6 }).chain((holders) =>
      fc.record({
        holders: fc.constant(holders),
        // Each of them at least once, in any order; some twice.
        releases: fc.array(fc.nat({ max: holders - 1 }), { maxLength: 6 }).chain((again) =>
          fc.shuffledSubarray([...Array(holders).keys(), ...again], {
            minLength: holders + again.length,
          }),
        ),
      }),
    );
    fc.assert(
      fc.property(order, ({ holders, releases }) => {
        let freed = 0;
        const item = {
          values: Float64Array.of(1, 2),
          release() {
            freed += 1;
          },
        };
        const shares = shareItem(item, holders);
        expect(shares).toHaveLength(holders);
        const gone = new Set<number>();
        for (const holder of releases) {
          expect(shares[holder]?.values).toBe(item.values);
          releaseItem(shares[holder]);
          gone.add(holder);
          expect(freed).toBe(gone.size === holders ? 1 : 0);
        }
      }),
    );
  });

  it("counts through shares of shares", () => {
    let freed = 0;
    const [first, second] = shareItem({ release: () => (freed += 1) }, 2);
    const thirds = shareItem(second, 3);
    first?.release();
    for (const third of thirds) {
      expect(freed).toBe(0);
      third?.release();
    }
    expect(freed).toBe(1);
  });

  it("hands out the item itself where there is nothing to free", () => {
    const item = { values: 1 };
    for (const share of shareItem(item, 3)) expect(share).toBe(item);
    expect(shareItem("text", 2)).toEqual(["text", "text"]);
  });
});
