import { createGunzip, gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GzipStream } from "./gzip-stream.ts";

describe("GzipStream", () => {
  it("is one gzip member with all pieces in order, whichever is ready first", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 5_000 }), { maxLength: 5 }),
        async (pieces) => {
          const stream = new GzipStream();
          const packed = await Promise.all(pieces.map((piece) => stream.pack(piece)));
          const bytes = Buffer.concat([...packed, stream.end()]);
          expect(Buffer.compare(gunzipSync(bytes), Buffer.concat(pieces))).toBe(0);
          expect(await members(bytes)).toBe(1);
        },
      ),
      { numRuns: 50 },
    );
  });

  it("is nearly as small as in one piece", async () => {
    const line = (i: number): string => `LUN;Usage (%);prd_${i % 40};${(i * 7919) % 100}.0\n`;
    const text = Buffer.from(Array.from({ length: 100_000 }, (_, i) => line(i)).join(""));
    const whole = new GzipStream();
    const halves = new GzipStream();
    const one = (await whole.pack(text)).length;
    const two =
      (await halves.pack(text.subarray(0, text.length / 2))).length +
      (await halves.pack(text.subarray(text.length / 2))).length;
    expect(two).toBeLessThan(one * 1.05);
  });
});

/** Node tells how many bytes the first member took; what follows would be another one. */
async function members(bytes: Uint8Array): Promise<number> {
  const first = createGunzip();
  first.end(bytes);
  for await (const _ of first);
  return first.bytesWritten === bytes.length ? 1 : 2;
}
