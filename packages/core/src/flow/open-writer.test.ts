import { describe, expect, it } from "vitest";
import { testContext } from "../testing/test-context.ts";
import type { Sink } from "./contracts.ts";
import { discard } from "./discard.ts";
import { fromItems } from "./from-items.ts";
import { openWriter } from "./open-writer.ts";
import { pipeline } from "./pipeline.ts";

/** A sink as someone writes it who has no compiler to tell what is missing. */
function sinkThatOpens(change: (writer: Record<PropertyKey, unknown>) => unknown): Sink<string> {
  return {
    ...discard<string>(),
    name: "untyped",
    async open(context) {
      return change({ ...(await discard<string>().open(context)) }) as never;
    },
  };
}

describe("openWriter", () => {
  it.each<[string, PropertyKey]>([
    ["write", "write"],
    ["close", "close"],
    ["abort", "abort"],
    ["[Symbol.asyncDispose]", Symbol.asyncDispose],
    ["watermark$", "watermark$"],
  ])("names the sink and the member when a writer has no %s", async (missing, member) => {
    const sink = sinkThatOpens(({ [member]: _, ...writer }) => writer);
    await expect(pipeline(fromItems(["a"])).to(sink).result).rejects.toMatchObject({
      code: "UNSUPPORTED",
      message: expect.stringContaining(`The writer of sink "untyped" has no ${missing};`),
      details: { sink: "untyped", missing },
    });
  });

  it.each([undefined, null, "writer"])("refuses %j, which is no writer", async (opened) => {
    const sink = sinkThatOpens(() => opened);
    await expect(openWriter(sink, testContext())).rejects.toThrow("has no write;");
  });

  it("refuses a watermark that cannot be subscribed to, and lets the rest go", async () => {
    let released = 0;
    const sink = sinkThatOpens((writer) => ({
      ...writer,
      watermark$: { accepted: 0, durable: 0 },
      async [Symbol.asyncDispose]() {
        released += 1;
      },
    }));
    await expect(openWriter(sink, testContext())).rejects.toThrow("has no watermark$;");
    expect(released).toBe(1);
  });

  it("takes a sink that opens at once instead of promising to", async () => {
    const writer = await discard<string>().open(testContext());
    const sink = { ...discard<string>(), open: () => writer } as unknown as Sink<string>;
    expect(await openWriter(sink, testContext())).toBe(writer);
  });
});
