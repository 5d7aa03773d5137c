import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SrtpSession } from "werift";
import { createRtpStream } from "../webrtc/rtp/rtp-stream.ts";
import { createSrtpProtector, SRTP_TAG_BYTES } from "./srtp-protector.ts";

/** Two ends of a connection: ours encrypts, werift's decrypts. */
function ends() {
  const [key, salt] = [randomBytes(16), randomBytes(14)];
  const session = new SrtpSession({
    keys: {
      localMasterKey: key,
      localMasterSalt: salt,
      remoteMasterKey: key,
      remoteMasterSalt: salt,
    },
    profile: 1,
  });
  const { srtpSessionKey, srtpSessionSalt, srtpSessionAuthTag } = session.localContext;
  const protect = createSrtpProtector({
    cipherKey: srtpSessionKey,
    salt: srtpSessionSalt,
    authenticationKey: srtpSessionAuthTag,
  });
  return { session, protect };
}

const HEADER_BYTES = 12;
function plain(ssrc: number, sequenceNumber: number, payload: Uint8Array): Buffer {
  const packet = Buffer.alloc(HEADER_BYTES + payload.length + SRTP_TAG_BYTES);
  packet.set([0x80, 96]);
  packet.writeUInt16BE(sequenceNumber, 2);
  packet.writeUInt32BE(ssrc, 8);
  packet.set(payload, HEADER_BYTES);
  return packet;
}

describe("packets that we encrypt", () => {
  it("are what werift encrypts, and read by it as what they were", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 1_200 }),
        fc.nat(0xffff),
        fc.nat(0xffff_ffff),
        (payload, sequenceNumber, ssrc) => {
          const { session, protect } = ends();
          const packet = plain(ssrc, sequenceNumber, payload);
          const clear = Buffer.from(packet.subarray(0, -SRTP_TAG_BYTES));
          protect(packet, HEADER_BYTES);
          expect(session.decrypt(packet).equals(clear)).toBe(true);
        },
      ),
    );
  });

  it("are never sent half in the clear: longer ones are refused", () => {
    const { session, protect } = ends();
    const payload = randomBytes(1_504);
    const longest = plain(1, 1, payload);
    protect(longest, HEADER_BYTES);
    expect(session.decrypt(longest).subarray(HEADER_BYTES).equals(payload)).toBe(true);
    expect(() => protect(plain(1, 2, randomBytes(1_520)), HEADER_BYTES)).toThrow(RangeError);
  });

  it("go on over turns of the counter, on two streams", () => {
    const { session, protect } = ends();
    for (let number = 0; number < 3 * 0x10000; number += 61) {
      for (const ssrc of [1, 2]) {
        const packet = plain(ssrc, number & 0xffff, Buffer.from(`${number}`));
        protect(packet, HEADER_BYTES);
        expect(session.decrypt(packet).toString("latin1", HEADER_BYTES)).toBe(`${number}`);
      }
    }
  });

  it("of the turn before are read by who has not gone on", () => {
    const { session, protect } = ends();
    const send = (number: number): Buffer => {
      const packet = plain(5, number, Buffer.from("x"));
      protect(packet, HEADER_BYTES);
      return packet;
    };
    session.decrypt(send(0xfff0));
    send(3);
    expect(session.decrypt(send(0xfff5)).toString("latin1", HEADER_BYTES)).toBe("x");
  });

  it("carry the headers of a stream, numbered, and repetitions with the number they had", () => {
    const { session, protect } = ends();
    const wire: Buffer[] = [];
    let transportSequence = 0xfffe;
    const stream = createRtpStream({
      codec: "h264",
      ssrc: 77,
      payloadType: 102,
      rtx: { ssrc: 78, payloadType: 103 },
      extensions: {
        mid: { id: 1, value: "0" },
        transportSequence: { id: 2 },
        playoutDelay: { id: 3, minMs: 0, maxMs: 100 },
      },
      tailBytes: SRTP_TAG_BYTES,
      nextTransportSequence: () => {
        transportSequence = (transportSequence + 1) & 0xffff;
        return transportSequence;
      },
      write(packet, headerBytes) {
        protect(packet, headerBytes);
        wire.push(packet);
      },
      writeRtcp: () => {},
    });
    const first = stream.send({ data: Buffer.from("one"), timestamp: 90, marker: false });
    const second = stream.send({ data: Buffer.from("two"), timestamp: 90, marker: true });
    const again = stream.resend(first.sequenceNumber);
    expect(stream.resend((first.sequenceNumber + 9) & 0xffff)).toBeUndefined();
    expect(second.sequenceNumber).toBe((first.sequenceNumber + 1) & 0xffff);
    expect([first, second, again].map((numbers) => numbers?.transportSequenceNumber)).toEqual([
      0xffff, 0, 1,
    ]);

    const [one, two, three] = wire.map((packet) => session.decrypt(packet));
    const headerBytes = 12 + 4 + 3 + 4 + 2 + 3;
    expect(one?.toString("latin1", headerBytes)).toBe("one");
    expect([one?.[1], two?.[1], three?.[1]]).toEqual([102, 102 | 0x80, 103]);
    expect(three?.readUInt32BE(8)).toBe(78);
    expect(three?.readUInt16BE(headerBytes)).toBe(first.sequenceNumber);
    expect(three?.toString("latin1", headerBytes + 2)).toBe("one");
    expect(one?.subarray(12, 16).toString("hex")).toBe("bede0003");
    expect(one?.subarray(16, 28).toString("hex")).toBe(`21ffff${"32"}00000a${"10"}30000000`);
    expect(wire[0]?.length).toBe(first.sizeBytes);
  });
});
