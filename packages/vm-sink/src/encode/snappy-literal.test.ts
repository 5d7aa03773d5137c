import { describe, expect, it } from "vitest";
import { unsnappy } from "../../test/decode-remote-write.ts";
import { frameSnappyLiteral, SNAPPY_HEADER_BYTES } from "./snappy-literal.ts";

const MIB = 1024 * 1024;

describe("frameSnappyLiteral", () => {
  it.each([1, 2, 59, 60, 61, 127, 128, 255, 256, 65_535, 65_536, 2 ** 21, MIB, 4 * MIB])(
    "frames %d bytes so that a decoder gives them back",
    (length) => {
      const bytes = Buffer.alloc(length + SNAPPY_HEADER_BYTES + 5, 0xa5);
      for (let i = 0; i < length; i++) bytes[SNAPPY_HEADER_BYTES + i] = (i * 31) & 0xff;
      const content = Buffer.from(
        bytes.subarray(SNAPPY_HEADER_BYTES, SNAPPY_HEADER_BYTES + length),
      );
      const framed = frameSnappyLiteral(bytes, SNAPPY_HEADER_BYTES + length);
      expect(framed.length).toBe(SNAPPY_HEADER_BYTES + length);
      expect(framed.buffer, "nothing is copied").toBe(bytes.buffer);
      expect(Buffer.compare(unsnappy(framed), content)).toBe(0);
    },
  );
});
