import { describe, expect, it } from "vitest";
import { attackCommand, attackMany, attackWithBomb } from "./hostile.ts";

// A few seeds of each family; `npm run campaign -- hostile` runs a thousand, and every bomb.
describe("a hostile archive", () => {
  it("costs no file but its own, and has a clear outcome, 80 seeds", async () => {
    for (const { what, differences } of await attackMany(1, 80)) {
      expect(differences, what).toEqual([]);
    }
  }, 300_000);

  it.each([64, 65, 66, 67, 76, 77, 85, 94])(
    "ends the command in order, seed %d",
    async (seed) => {
      const { what, differences } = await attackCommand(seed);
      expect(differences, what).toEqual([]);
    },
    130_000,
  );

  it.each(["tar count", "files over one another", "gzip ratio"])(
    "is no bomb: %s",
    async (name) => {
      const { differences } = await attackWithBomb(name);
      expect(differences).toEqual([]);
    },
    130_000,
  );
});
