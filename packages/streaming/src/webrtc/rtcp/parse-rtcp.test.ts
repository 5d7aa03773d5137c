import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRtpStream } from "../rtp/rtp-stream.ts";
import { parseRtcp } from "./parse-rtcp.ts";

const OURS = 0x01020304;

function rtcp(format: number, type: number, words: readonly number[]): Buffer {
  const packet = Buffer.alloc(4 + words.length * 4);
  packet.set([0x80 | format, type, 0, words.length]);
  for (const [at, word] of words.entries()) packet.writeUInt32BE(word >>> 0, 4 + at * 4);
  return packet;
}

describe("what viewers report", () => {
  it("is found in one compound packet", () => {
    const compound = Buffer.concat([
      rtcp(1, 201, [9, OURS, 0x40_000001, 0, 0, 0, 0]),
      rtcp(1, 206, [9, OURS]),
      rtcp(4, 206, [9, 0, OURS, 0x01000000]),
      rtcp(1, 205, [9, OURS, 0xffff_8001]),
      rtcp(15, 206, [9, 0, 0x52454d42, 0x0108_0000 | 0x1ffff, OURS]),
    ]);
    expect(parseRtcp(compound, OURS, 0)).toEqual([
      { kind: "receiver-report", lossRatio: 0.25, rttMs: null },
      { kind: "key-frame-request" },
      { kind: "key-frame-request" },
      { kind: "nack", sequenceNumbers: [0xffff, 0, 15] },
      { kind: "bitrate-estimate", bitrate: 0x1ffff * 4 },
    ]);
  });

  it("of other streams is not ours", () => {
    const compound = Buffer.concat([
      rtcp(1, 201, [9, 5, 0x40_000001, 0, 0, 0, 0]),
      rtcp(1, 205, [9, 5, 0xffff_8001]),
    ]);
    expect(parseRtcp(compound, OURS, 0)).toEqual([]);
  });

  it("says how long the way there and back takes", () => {
    let report: Buffer = Buffer.alloc(0);
    const sentMs = 1_796_014_952_127.25;
    const stream = createRtpStream({
      codec: "opus",
      ssrc: OURS,
      payloadType: 111,
      extensions: {},
      tailBytes: 0,
      nextTransportSequence: () => 0,
      write: () => {},
      writeRtcp(packet) {
        report = packet;
      },
    });
    stream.send({ data: new Uint8Array(10), timestamp: 5, marker: false });
    stream.report(4_000_000_000, sentMs);
    expect(report.readUInt32BE(16)).toBe(4_000_000_000);
    expect([report.readUInt32BE(20), report.readUInt32BE(24)]).toEqual([1, 10]);
    // The middle of the NTP time, and half a second that the viewer waited.
    const last = report.readUInt32BE(10);
    const [answer] = parseRtcp(
      rtcp(1, 201, [9, OURS, 0, 0, 0, last, 32_768]),
      OURS,
      sentMs + 500 + 80,
    );
    expect(answer?.kind === "receiver-report" && answer.rttMs).toBeCloseTo(80, 0);
  });

  it("does no harm when it is damaged", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.nat(31),
            fc.integer({ min: 199, max: 208 }),
            fc.uint8Array({ maxLength: 60 }),
          ),
          { maxLength: 4 },
        ),
        fc.nat(400),
        (parts, cut) => {
          const compound = Buffer.concat(
            parts.map(([format, type, body]) => {
              const padded = Buffer.alloc(4 + Math.ceil(body.length / 4) * 4);
              padded.set([0x80 | format, type, 0, padded.length / 4 - 1, ...body]);
              return padded;
            }),
          );
          parseRtcp(compound.subarray(0, cut), OURS, 0);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
