import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { readBody } from "./read-body.ts";

const limits = { bytes: 10, withinMs: 5_000 };
const bytes = (...texts: readonly string[]): Readable =>
  Readable.from(
    texts.map((text) => Buffer.from(text)),
    { objectMode: false },
  );

describe("readBody", () => {
  it("reads a body up to its last byte", async () => {
    expect(await readBody(bytes("é", "12345678"), limits)).toEqual({
      text: "é12345678",
      cut: undefined,
    });
    expect(await readBody(bytes(), limits)).toEqual({ text: "", cut: undefined });
  });

  it("stops at the limit and lets go of the rest", async () => {
    const endless = Readable.from(
      (function* () {
        for (;;) yield Buffer.from("abcd");
      })(),
    );
    expect(await readBody(endless, limits)).toEqual({ text: "abcdabcdab", cut: "bytes" });
    expect(endless.destroyed).toBe(true);
  });

  it("does not wait longer than it may, whatever drips in", async () => {
    const dripping = new Readable({ read() {} });
    const drip = setInterval(() => dripping.push(Buffer.from("a")), 20);
    const { text, cut } = await readBody(dripping, { bytes: 1_000, withinMs: 100 });
    clearInterval(drip);
    expect(cut).toBe("time");
    expect(text).toMatch(/^a+$/);
    expect(dripping.destroyed).toBe(true);
  });

  it("passes on the failure of the stream", async () => {
    const broken = new Readable({ read() {} });
    broken.push(Buffer.from("a"));
    const reading = readBody(broken, limits);
    const failure = new Error("reset");
    setImmediate(() => broken.destroy(failure));
    await expect(reading).rejects.toBe(failure);
  });
});
