import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { splitLines } from "./split-lines.ts";

describe("splitLines", () => {
  it("splits at newlines alone, however the text is cut into chunks", async () => {
    const text = fc.string({ unit: fc.constantFrom("a", "\n", "\r", "\u2028", "🦀") });
    await fc.assert(
      fc.asyncProperty(fc.array(text), async (chunks) => {
        async function* stream() {
          yield* chunks;
        }
        const expected = chunks.join("").split("\n");
        if (expected.at(-1) === "") expected.pop();
        expect(await Array.fromAsync(splitLines(stream(), "a test"))).toEqual(expected);
      }),
    );
  });
});
