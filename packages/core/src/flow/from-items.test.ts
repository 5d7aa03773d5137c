import { describe, expect, it } from "vitest";
import { testContext } from "../testing/test-context.ts";
import { fromItems } from "./from-items.ts";

describe("fromItems", () => {
  it("takes iterables and async iterables", async () => {
    async function* numbers() {
      yield 1;
      yield 2;
    }
    for (const items of [[1, 2], new Set([1, 2]), numbers()]) {
      const delivered: number[] = [];
      for await (const item of fromItems(items).open(testContext())) delivered.push(item);
      expect(delivered).toEqual([1, 2]);
    }
  });

  it("is named for messages", () => {
    expect(fromItems([]).name).toBe("items");
    expect(fromItems([], "rows").name).toBe("rows");
  });

  it("closes the iterator it was given when its consumer stops", async () => {
    let closed = false;
    function* numbers() {
      try {
        yield 1;
        yield 2;
      } finally {
        closed = true;
      }
    }
    for await (const _ of fromItems(numbers()).open(testContext())) break;
    expect(closed).toBe(true);
  });
});
