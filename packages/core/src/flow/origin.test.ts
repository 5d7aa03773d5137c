import { describe, expect, it } from "vitest";
import { itemCount, originsOf } from "./origin.ts";

describe("itemCount", () => {
  it("is the sum of the shares, and 1 for an item without origins", () => {
    const origins = [
      { origin: "a", count: 2 },
      { origin: "b", count: 3 },
    ];
    expect(itemCount({ origins })).toBe(5);
    expect(itemCount({ origins: [] })).toBe(0);
    for (const item of ["text", 7, null, undefined, {}, { origins: "none" }]) {
      expect(itemCount(item)).toBe(1);
    }
  });
});

describe("originsOf", () => {
  it("tells items with shares from others", () => {
    const origins = [{ origin: "a", count: 2 }];
    expect(originsOf({ origins })).toBe(origins);
    expect(originsOf({ origins: 3 })).toBeUndefined();
    expect(originsOf(null)).toBeUndefined();
  });
});
