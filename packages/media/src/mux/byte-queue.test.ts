import fc from "fast-check";
import { expect, test } from "vitest";
import { byteQueue } from "./byte-queue.ts";

test("what is pushed comes out, in order, whatever the bound is", async () => {
  const property = fc.asyncProperty(
    fc.array(fc.uint8Array({ minLength: 1, maxLength: 30 }), { maxLength: 30 }),
    fc.integer({ min: 0, max: 100 }),
    async (pieces, bound) => {
      const queue = byteQueue(bound);
      const writing = (async () => {
        for (const piece of pieces) await queue.push(piece);
        await queue.end();
      })();
      const read = await Array.fromAsync(queue.output);
      await writing;
      expect(Buffer.concat(read)).toEqual(Buffer.concat(pieces));
    },
  );
  await fc.assert(property);
});

test("a reader that leaves ends the writer", async () => {
  const queue = byteQueue(10);
  await queue.push(new Uint8Array(10));
  const waiting = expect(queue.push(new Uint8Array(11))).rejects.toMatchObject({ code: "CLOSED" });
  for await (const _ of queue.output) break;
  await waiting;
  await expect(queue.push(new Uint8Array(1))).rejects.toMatchObject({ code: "CLOSED" });
});

test("a failure reaches both", async () => {
  const queue = byteQueue(0);
  const error = new Error("no");
  const waiting = expect(queue.push(new Uint8Array(1))).rejects.toBe(error);
  queue.fail(error);
  await waiting;
  await expect(Array.fromAsync(queue.output)).rejects.toBe(error);
});
