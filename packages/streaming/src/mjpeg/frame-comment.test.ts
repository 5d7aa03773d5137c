import fc from "fast-check";
import { expect, test } from "vitest";
import { type FrameComment, readFrameComment, writeFrameComment } from "./frame-comment.ts";

const JPEG = Uint8Array.of(0xff, 0xd8, 0xff, 0xdb, 0, 4, 1, 2, 0xff, 0xda, 0, 2, 9, 0xff, 0xd9);

function commented(comment: FrameComment): Uint8Array {
  return Buffer.concat([writeFrameComment(comment), JPEG.subarray(2)]);
}

const comments = fc.record({
  sequence: fc.nat(),
  timestamp: fc.maxSafeInteger(),
  capturedAtMs: fc.double({ min: 0, max: 1e13, noNaN: true }),
  dataDropped: fc.nat(),
  data: fc.array(
    fc.record({
      kind: fc.string({ unit: "binary" }),
      timestamp: fc.maxSafeInteger(),
      value: fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown),
    }),
    { maxLength: 5 },
  ),
});

test("what is written is read again, whatever it is", () => {
  fc.assert(
    fc.property(comments, (comment) => {
      expect(readFrameComment(commented(comment))).toEqual(comment);
    }),
  );
});

test("a comment behind other segments is found, and one of somebody else's is not taken for ours", () => {
  const ours = { sequence: 7, timestamp: 40_000, capturedAtMs: 1, data: [], dataDropped: 0 };
  const theirs = Uint8Array.of(0xff, 0xd8, 0xff, 0xfe, 0, 5, 72, 105, 33);
  const both = Buffer.concat([theirs, commented(ours).subarray(2)]);
  expect(readFrameComment(both)).toEqual(ours);
  expect(readFrameComment(Buffer.concat([theirs, JPEG.subarray(2)]))).toBeUndefined();
});

test("bytes that are no such picture give nothing and throw nothing", () => {
  const whole = commented({ sequence: 1, timestamp: 2, capturedAtMs: 3, data: [], dataDropped: 0 });
  fc.assert(
    fc.property(fc.nat(whole.length), fc.uint8Array(), (length, rest) => {
      readFrameComment(Buffer.concat([whole.subarray(0, length), rest]));
      expect(readFrameComment(whole.subarray(0, Math.min(length, 40)))).toBeUndefined();
    }),
  );
});

test("more data than a segment holds: the newest go along, the others are counted", () => {
  const data = Array.from({ length: 10 }, (_, number) => ({
    kind: "text",
    timestamp: number,
    value: "ä".repeat(5_000),
  }));
  const bytes = commented({ sequence: 0, timestamp: 9, capturedAtMs: 0, data, dataDropped: 2 });
  const read = readFrameComment(bytes);
  expect(read?.data).toEqual(data.slice(4));
  expect(read?.dataDropped).toBe(2 + 4);
});

test("what JSON cannot hold is left out and counted", () => {
  const self: { self?: unknown } = {};
  self.self = self;
  const items = [self, 1n, "text"].map((value) => ({ kind: "any", timestamp: 0, value }));
  const bytes = commented({
    sequence: 0,
    timestamp: 0,
    capturedAtMs: 0,
    data: items,
    dataDropped: 0,
  });
  expect(readFrameComment(bytes)).toMatchObject({ data: [items[2]], dataDropped: 2 });
});
