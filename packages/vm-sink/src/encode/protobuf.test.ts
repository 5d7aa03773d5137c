import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readVarint } from "../../test/decode-remote-write.ts";
import { lengthDelimited, varintBytes, writeVarint } from "./protobuf.ts";

const whole = fc.oneof(
  fc.integer({ min: 0, max: 300 }),
  fc.integer({ min: 0, max: 2 ** 32 }),
  fc.maxSafeInteger().map(Math.abs),
);

describe("varints", () => {
  it("are read back as what they were, in the bytes that were announced", () => {
    fc.assert(
      fc.property(whole, fc.nat({ max: 5 }), (value, at) => {
        const bytes = new Uint8Array(20);
        const end = writeVarint(bytes, at, value);
        expect(end - at).toBe(varintBytes(value));
        expect(readVarint(bytes, at)).toEqual({ value: BigInt(value), next: end });
        expect(bytes.subarray(end).every((byte) => byte === 0)).toBe(true);
      }),
    );
  });

  it.each([
    [0, 1],
    [127, 1],
    [128, 2],
    [16_383, 2],
    [16_384, 3],
    [2 ** 31, 5],
    [2 ** 32, 5],
    [2 ** 42, 7],
    [Number.MAX_SAFE_INTEGER, 8],
  ])("%d takes %d bytes", (value, bytes) => {
    expect(varintBytes(value)).toBe(bytes);
  });
});

describe("lengthDelimited", () => {
  it.each([0, 1, 127, 128, 20_000])("frames %d bytes", (length) => {
    const content = new Uint8Array(length).fill(7);
    const field = lengthDelimited(3, content);
    expect(field[0]).toBe((3 << 3) | 2);
    const { value, next } = readVarint(field, 1);
    expect(value).toBe(BigInt(length));
    expect(Buffer.compare(field.subarray(next), content)).toBe(0);
  });
});
