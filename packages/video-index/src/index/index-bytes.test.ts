import { MillraceError } from "@millrace/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { trackOf } from "../../test/track-of.ts";
import { crc32 } from "./crc32.ts";
import { decodeIndex, encodeIndex } from "./index-bytes.ts";
import { videoIndex } from "./video-index.ts";

const packet = fc.record({
  pts: fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
  duration: fc.nat(1000),
  offset: fc.nat(2 ** 31 - 1).map((value) => value * 64),
  size: fc.nat(5_000_000),
  flags: fc.nat(31),
});

describe("an index in bytes", () => {
  it("comes back as it was", () => {
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 80 }), fc.string(), (packets, warning) => {
        const made = videoIndex(trackOf(packets, { description: Uint8Array.of(1, 2, 255) }));
        const index = { ...made, prerolls: new Map([[3, 10]]) };
        const whole = { index, warnings: [warning], fingerprint: "abc" };
        expect(decodeIndex(encodeIndex(whole))).toEqual(whole);
      }),
    );
  });

  it("takes 6 bytes a frame or fewer where frames come at a steady rate", () => {
    const packets = Array.from({ length: 10_000 }, (_, at) => ({
      pts: (at + ([2, 3, -1, -1][at % 4] as number)) * 512,
      duration: 512,
      offset: at * 5000 + (at % 7) * 11,
      size: 3000 + ((at * 7919) % 1500),
      flags: at % 60 === 0 ? 1 : 0,
    }));
    const bytes = encodeIndex({
      index: videoIndex(trackOf(packets)),
      warnings: [],
      fingerprint: "",
    });
    expect(bytes.length / packets.length).toBeLessThanOrEqual(6);
  });

  it("is refused with a clear error where a byte of it changed or is missing", () => {
    const packets = [{ pts: 0, duration: 1, offset: 0, size: 9, flags: 1 }];
    const bytes = encodeIndex({
      index: videoIndex(trackOf(packets)),
      warnings: [],
      fingerprint: "",
    });
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = bytes.slice();
        damaged[at] = (damaged[at] as number) ^ change;
        expect(() => decodeIndex(damaged)).toThrow(MillraceError);
        expect(() => decodeIndex(bytes.subarray(0, at))).toThrow(MillraceError);
      }),
    );
  });
  it("is refused, or read, where its checksum is right and the rest is made up", () => {
    const packets = [
      { pts: 0, duration: 1, offset: 0, size: 9, flags: 1 },
      { pts: 1, duration: 1, offset: 9, size: 9, flags: 1 },
    ];
    const index = videoIndex(trackOf(packets));
    const bytes = encodeIndex({ index, warnings: [], fingerprint: "" });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(bytes.length - 13), fc.nat(255)), { minLength: 1, maxLength: 3 }),
        (changes) => {
          const forged = bytes.slice();
          for (const [at, value] of changes) forged[12 + at] = value;
          new DataView(forged.buffer).setUint32(8, crc32(forged.subarray(12)));
          try {
            const read = decodeIndex(forged).index;
            for (const key of read.keys) expect(key).toBeLessThan(read.track.packets.count);
          } catch (error) {
            expect(error).toBeInstanceOf(MillraceError);
          }
        },
      ),
      { numRuns: 1000 },
    );
    const foreign = { ...index, keys: Uint32Array.of(7) };
    const claims = encodeIndex({ index: foreign, warnings: [], fingerprint: "" });
    expect(() => decodeIndex(claims)).toThrow(MillraceError);
  });
});
