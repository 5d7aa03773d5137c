import { expect, it } from "vitest";
import { discard } from "./discard.ts";
import { fromItems } from "./from-items.ts";
import { pipeline } from "./pipeline.ts";

it("discard counts items and units and keeps nothing", async () => {
  const batch = { origins: [{ origin: "a", count: 40 }] };
  const run = pipeline(fromItems([batch, "plain", batch])).to(discard());
  expect(await run.result).toEqual({ items: 3, units: 81 });
});
