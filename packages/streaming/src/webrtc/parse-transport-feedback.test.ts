import { MillraceError } from "@millrace/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseTransportFeedback } from "./parse-transport-feedback.ts";

/** A packet of the statuses and delays given, around which the fixed part is put. */
function packet(
  base: number,
  count: number,
  referenceTime: number,
  chunks: readonly number[],
  deltas: readonly number[],
): Buffer {
  const body = Buffer.concat([
    Buffer.from(chunks.flatMap((chunk) => [chunk >> 8, chunk & 0xff])),
    Buffer.from(deltas),
  ]);
  const whole = Buffer.alloc(20 + Math.ceil(body.length / 4) * 4);
  whole.set([0x8f, 205]);
  whole.writeUInt16BE(whole.length / 4 - 1, 2);
  whole.writeUInt32BE(1, 4);
  whole.writeUInt32BE(2, 8);
  whole.writeUInt16BE(base, 12);
  whole.writeUInt16BE(count, 14);
  whole.writeIntBE(referenceTime, 16, 3);
  whole.set(body, 20);
  return whole;
}
const read = (bytes: Uint8Array): [number, number | null][] =>
  parseTransportFeedback(bytes).packets.map(({ transportSequenceNumber, receivedAtUs }) => [
    transportSequenceNumber,
    receivedAtUs,
  ]);

describe("feedback on packets", () => {
  it("comes in runs", () => {
    // Three with short delays, two lost.
    expect(read(packet(10, 5, 2, [0x2003, 0x0002], [4, 8, 12]))).toEqual([
      [10, 129_000],
      [11, 131_000],
      [12, 134_000],
      [13, null],
      [14, null],
    ]);
  });

  it("comes as one bit a packet", () => {
    // 1 0 1 1, and ten that are not meant.
    expect(read(packet(0, 4, 0, [0x8000 | 0b10_1100_0000_0000], [1, 2, 3]))).toEqual([
      [0, 250],
      [1, null],
      [2, 750],
      [3, 1_500],
    ]);
  });

  it("comes as two bits a packet, and delays may be negative", () => {
    // Short, long, lost, long: the last one overtook.
    expect(
      read(packet(7, 4, 1, [0xc000 | 0b01_10_00_10_00_00_00], [40, 0x01, 0x00, 0xff, 0xf6])),
    ).toEqual([
      [7, 74_000],
      [8, 138_000],
      [9, null],
      [10, 135_500],
    ]);
  });

  it("goes on over several chunks and past the last number", () => {
    const seen = read(packet(0xfffe, 20, 0, [0x2002, 0x8000, 0x2004], [0, 0, 0, 0, 0, 0]));
    expect(seen.map(([number]) => number)).toEqual(
      Array.from({ length: 20 }, (_, at) => (0xfffe + at) & 0xffff),
    );
    expect(seen.flatMap(([, us], at) => (us === null ? [] : [at]))).toEqual([0, 1, 16, 17, 18, 19]);
  });

  it("may begin before the viewer's clock did", () => {
    expect(read(packet(0, 1, -1, [0x2001], [0]))).toEqual([[0, -64_000]]);
  });

  it.each([
    ["is cut off", packet(0, 5, 0, [0x2005], [1, 2, 3, 4, 5]).subarray(0, 22)],
    ["has too few delays", packet(0, 9, 0, [0x2009], [1, 2])],
    ["has too few statuses", packet(0, 9_000, 0, [0x0009, 0x0009], [])],
    ["has a status that means nothing", packet(0, 1, 0, [0x6001], [1, 1])],
    ["tells of more than can be put in order", packet(0, 0x8001, 0, [0x1fff], [])],
    ["is another packet", Buffer.from("80c9000700000001000000020000000000000000", "hex")],
    ["is empty", new Uint8Array(0)],
  ])("is refused when it %s", (_, bytes) => {
    expect(() => parseTransportFeedback(bytes)).toThrow(
      expect.objectContaining({ code: "CORRUPT_INPUT" }),
    );
  });

  it("throws nothing else, whatever comes", () => {
    const body = fc.uint8Array({ minLength: 12, maxLength: 200 });
    fc.assert(
      fc.property(body, fc.boolean(), (bytes, isFramed) => {
        const length = Math.floor(bytes.length / 4);
        const whole = Buffer.from([0x8f, 205, length >> 8, length & 0xff, ...bytes]);
        try {
          const { packets } = parseTransportFeedback(isFramed ? whole : bytes);
          for (const [at, one] of packets.entries()) {
            const before = packets[at - 1]?.transportSequenceNumber;
            if (before !== undefined) {
              expect(one.transportSequenceNumber).toBe((before + 1) & 0xffff);
            }
          }
        } catch (error) {
          expect(MillraceError.is(error) && error.code).toBe("CORRUPT_INPUT");
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
