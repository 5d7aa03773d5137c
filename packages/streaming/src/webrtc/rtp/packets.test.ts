import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { annexB, nalUnits } from "./annex-b.ts";
import { depacketize } from "./depacketize.ts";
import { createFrameAssembler, type ReceivedPacket } from "./frame-assembler.ts";
import { packetizeH264 } from "./packetize-h264.ts";
import { packetizeVp8 } from "./packetize-vp8.ts";

const MOST = 100;

/** A NAL unit of this type: no zero bytes, as emulation prevention leaves no start code inside and none at the end. */
const unit = (types: readonly number[]): fc.Arbitrary<Uint8Array> =>
  fc
    .tuple(fc.constantFrom(...types), fc.uint8Array({ minLength: 1, maxLength: 350, min: 1 }))
    .map(([type, body]) => Uint8Array.of(0x60 | type, ...body));
const accessUnit = fc.array(unit([1, 5, 6, 7, 8]), { minLength: 1, maxLength: 6 }).map(annexB);
const vp8Frame = fc
  .tuple(fc.boolean(), fc.uint8Array({ minLength: 1, maxLength: 500 }))
  .map(([isKey, body]) => Uint8Array.of(isKey ? 0x10 : 0x11, ...body));

describe("packets of a frame", () => {
  it("are no longer than allowed and give the H.264 access unit back", () => {
    fc.assert(
      fc.property(accessUnit, (data) => {
        const payloads = packetizeH264(data, MOST);
        for (const payload of payloads) expect(payload.length).toBeLessThanOrEqual(MOST);
        const isKey = nalUnits(data).some((one) => ((one[0] ?? 0) & 0x1f) === 5);
        expect(depacketize("h264", payloads)).toEqual({ data: Buffer.from(data), isKey });
      }),
    );
  });

  it("are no longer than allowed and give the VP8 frame back", () => {
    fc.assert(
      fc.property(vp8Frame, fc.nat(), (data, number) => {
        const payloads = packetizeVp8(data, number, MOST);
        for (const payload of payloads) expect(payload.length).toBeLessThanOrEqual(MOST);
        const isKey = data[0] === 0x10;
        expect(depacketize("vp8", payloads)).toEqual({ data: Buffer.from(data), isKey });
      }),
    );
  });

  it("go together where they are short, and take the importance of the most important", () => {
    const [packet, ...others] = packetizeH264(
      annexB([Uint8Array.of(0x67, 1, 2), Uint8Array.of(0x48, 3), Uint8Array.of(0x06, 4)]),
      MOST,
    );
    expect(others).toEqual([]);
    expect([...(packet ?? [])]).toEqual([0x78, 0, 3, 0x67, 1, 2, 0, 2, 0x48, 3, 0, 2, 0x06, 4]);
  });

  it("never make a depacketiser throw, whatever is in them", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("h264" as const, "vp8" as const),
        fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 5 }),
        (family, payloads) => {
          depacketize(family, payloads);
        },
      ),
    );
  });
});

/** Frames as they are sent, with the packets of each. */
function stream(family: "h264" | "vp8", count: number, firstSequence: number) {
  let sequence = firstSequence;
  return Array.from({ length: count }, (_, number) => {
    const isKey = number % 10 === 0;
    const body = new Uint8Array(40 + ((number * 97) % 300)).fill(1 + (number % 250));
    const data =
      family === "h264"
        ? annexB([Uint8Array.of(isKey ? 0x65 : 0x61, ...body)])
        : Uint8Array.of(isKey ? 0 : 1, ...body);
    const payloads =
      family === "h264" ? packetizeH264(data, MOST) : packetizeVp8(data, number, MOST);
    const packets = payloads.map(
      (payload, at): ReceivedPacket => ({
        data: payload,
        timestamp: (2 ** 32 - 9_000 + number * 3_000) % 2 ** 32,
        marker: at === payloads.length - 1,
        sequenceNumber: sequence++ & 0xffff,
      }),
    );
    return { number, isKey, data: Buffer.from(data), packets };
  });
}

describe.each(["h264", "vp8"] as const)("frames of %s packets", (family) => {
  it("come whole and in order when packets overtake each other and come twice", () => {
    fc.assert(
      fc.property(fc.nat(0xffff), fc.array(fc.nat(3), { minLength: 300 }), (first, delays) => {
        const sent = stream(family, 40, first);
        const packets = sent.flatMap((frame) => frame.packets);
        const [head, ...rest] = packets;
        const shuffled = rest
          .flatMap((packet, at) => [
            { packet, at: at + (delays[at % delays.length] ?? 0) },
            ...(at % 7 === 0 ? [{ packet, at: at + 2 }] : []),
          ])
          .sort((one, other) => one.at - other.at);
        const assembler = createFrameAssembler(family);
        const frames = [head, ...shuffled.map(({ packet }) => packet)].flatMap((packet, at) =>
          packet ? assembler.push(packet, at) : [],
        );
        expect(frames.map(({ data }) => data)).toEqual(sent.map(({ data }) => data));
        expect(frames.map(({ timestamp }) => timestamp)).toEqual(
          sent.map(({ number }) => 2 ** 32 - 9_000 + number * 3_000),
        );
        expect(assembler.framesLost).toBe(0);
      }),
      { numRuns: 30 },
    );
  });

  it("are given after a loss only from the next key frame on", () => {
    fc.assert(
      fc.property(fc.nat(0xffff), fc.nat(399), (first, lostAt) => {
        const sent = stream(family, 60, first);
        const packets = sent.flatMap((frame) =>
          frame.packets.map((packet) => ({ packet, number: frame.number })),
        );
        const lost = packets[1 + (lostAt % (packets.length - 2))];
        const assembler = createFrameAssembler(family);
        const frames = packets
          .filter((one) => one !== lost)
          .flatMap(({ packet }, at) => assembler.push(packet, at * 10));
        const damaged = lost?.number ?? 0;
        const resumed = damaged % 10 === 0 && damaged > 0 ? damaged : damaged - (damaged % 10);
        const given = sent
          .filter(({ number }) => number < damaged || number >= resumed + 10)
          .map(({ data }) => data);
        // Frames near the end may still wait for what is missing.
        expect(frames.map(({ data }) => data)).toEqual(given.slice(0, frames.length));
        expect(frames.length).toBeGreaterThanOrEqual(Math.min(damaged, given.length));
        if (damaged < 30) expect(frames.length).toBeGreaterThan(damaged);
      }),
      { numRuns: 60 },
    );
  });
});
