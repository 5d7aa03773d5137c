import type { ReceivedPacket } from "./frame-assembler.ts";

/** An RTP packet with what tells it from others. */
export interface ParsedRtp extends ReceivedPacket {
  readonly payloadType: number;
  readonly ssrc: number;
}

/** Reads an RTP packet in the clear; undefined when it is none. Its data is a view into the packet. */
export function parseRtp(packet: Uint8Array): ParsedRtp | undefined {
  const bytes = Buffer.from(packet.buffer, packet.byteOffset, packet.byteLength);
  const [first = 0, second = 0] = bytes;
  if (bytes.length < 12 || first >> 6 !== 2) return undefined;
  let from = 12 + (first & 0xf) * 4;
  if (first & 0x10) {
    if (from + 4 > bytes.length) return undefined;
    from += 4 + bytes.readUInt16BE(from + 2) * 4;
  }
  const padding = first & 0x20 ? (bytes.at(-1) ?? 0) : 0;
  const to = bytes.length - padding;
  if (from > to) return undefined;
  return {
    payloadType: second & 0x7f,
    marker: (second & 0x80) !== 0,
    sequenceNumber: bytes.readUInt16BE(2),
    timestamp: bytes.readUInt32BE(4),
    ssrc: bytes.readUInt32BE(8),
    data: bytes.subarray(from, to),
  };
}

/** Whether what came on the port of RTP is RTCP (RFC 5761). */
export function isRtcp(packet: Uint8Array): boolean {
  const type = packet[1] ?? 0;
  return type >= 192 && type <= 223;
}
