import fc from "fast-check";
import { expect, test } from "vitest";
import { FRAME_HEADER_BYTES, readFrameMessage, writeFrameMessage } from "./frame-message.ts";

test("what is written is read", () => {
  const property = fc.property(
    fc.record({
      kind: fc.constantFrom("picture", "chunk", "sound"),
      isKey: fc.boolean(),
      sequence: fc.nat(2 ** 31 - 1).map((number) => number * 2),
      timestamp: fc.double({ noNaN: true, noDefaultInfinity: true }),
      capturedAtMs: fc.double({ noNaN: true, noDefaultInfinity: true }),
    } as const),
    fc.uint8Array({ maxLength: 100 }),
    (header, payload) => {
      const message = writeFrameMessage(header, payload);
      expect(message).toHaveLength(FRAME_HEADER_BYTES + payload.length);
      expect(readFrameMessage(message)).toEqual({ header, payload });
      // In a larger piece of memory too, as sockets give them.
      const within = new Uint8Array(message.length + 20);
      within.set(message, 7);
      expect(readFrameMessage(within.subarray(7, 7 + message.length))).toEqual({ header, payload });
    },
  );
  fc.assert(property);
});

test("stands in the bytes as documented", () => {
  const header = {
    kind: "chunk",
    isKey: true,
    sequence: 258,
    timestamp: 1,
    capturedAtMs: 2,
  } as const;
  expect([...writeFrameMessage(header, Uint8Array.of(9))]).toEqual([
    ...[2, 1, 0, 24, 0, 0, 1, 2],
    ...[0x3f, 0xf0, 0, 0, 0, 0, 0, 0],
    ...[0x40, 0, 0, 0, 0, 0, 0, 0],
    9,
  ]);
});

test("a longer header of a later version is skipped, and anything else is refused or read", () => {
  const header = {
    kind: "picture",
    isKey: true,
    sequence: 1,
    timestamp: 0,
    capturedAtMs: 0,
  } as const;
  const message = writeFrameMessage(header, Uint8Array.of(1, 2, 3, 4, 5));
  message[3] = FRAME_HEADER_BYTES + 4;
  expect(readFrameMessage(message)).toEqual({ header, payload: Uint8Array.of(5) });
  const property = fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
    const read = readFrameMessage(bytes);
    if (read) expect(Number.isFinite(read.header.timestamp)).toBe(true);
    if (bytes.length < FRAME_HEADER_BYTES) expect(read).toBeUndefined();
  });
  fc.assert(property);
});
