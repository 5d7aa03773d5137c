import { randomInt } from "node:crypto";
import type { EncodedVideoFamily } from "@millrace/media";
import type { PeerSender, RtpPayload, SentNumbers } from "../peer-transport.ts";
import { NTP_EPOCH_S } from "../rtcp/compact-ntp.ts";
import { extensionBytes, type HeaderExtensions } from "./header-extensions.ts";

/** What was agreed on for a stream that we send. */
export interface RtpStreamOptions {
  readonly codec: EncodedVideoFamily | "opus";
  readonly ssrc: number;
  readonly payloadType: number;
  /** Where packets are sent again; without it they are sent again as they were. */
  readonly rtx?: { readonly ssrc: number; readonly payloadType: number };
  readonly extensions: HeaderExtensions;
  /** Takes the next number over all packets of the peer. */
  readonly nextTransportSequence: () => number;
  /** Room at the end of a packet for what encryption puts there. */
  readonly tailBytes: number;
  /**
   * Memory for a packet. May be the same each time where `write` copies what it is given.
   *
   * @defaultValue new for each
   */
  readonly allocate?: (byteLength: number) => Buffer;
  /** Encrypts a packet and gives it to the network. The packet is the callee's own. */
  readonly write: (packet: Buffer, headerBytes: number) => void;
  /** Writes RTCP in the clear, to be encrypted. */
  readonly writeRtcp: (packet: Buffer) => void;
}

/** Packets that can be sent again: half a second of 10 Mbit/s. A power of two. */
const HISTORY = 1_024;
const FIXED_HEADER_BYTES = 12;

/** Numbers packets of one stream to one peer, writes their headers and remembers them. */
export function createRtpStream(options: RtpStreamOptions): PeerSender {
  const { codec, ssrc, rtx, extensions, nextTransportSequence, tailBytes, write } = options;
  const { allocate = Buffer.allocUnsafe } = options;
  const { bytes: extension, transportSequenceAt } = extensionBytes(extensions);
  const headerBytes = FIXED_HEADER_BYTES + extension.length;
  const header = (payloadType: number, source: number): Buffer => {
    const bytes = Buffer.alloc(headerBytes);
    bytes[0] = 0x80 | (extension.length > 0 ? 0x10 : 0);
    bytes[1] = payloadType;
    bytes.writeUInt32BE(source, 8);
    bytes.set(extension, FIXED_HEADER_BYTES);
    return bytes;
  };
  const mediaHeader = header(options.payloadType, ssrc);
  const rtxHeader = rtx && header(rtx.payloadType, rtx.ssrc);
  // Begins low, so that a receiver who misses the first packets does not miss the first turn of the counter.
  let sequenceNumber = randomInt(0x7fff);
  let rtxSequenceNumber = randomInt(0x7fff);
  let packetCount = 0;
  let octetCount = 0;
  const history: ({ readonly payload: RtpPayload; readonly sequenceNumber: number } | undefined)[] =
    new Array(HISTORY);

  const put = (
    template: Buffer,
    { data, timestamp, marker }: RtpPayload,
    number: number,
    original?: number,
  ): SentNumbers => {
    const at = headerBytes + (original === undefined ? 0 : 2);
    const packet = allocate(at + data.length + tailBytes);
    packet.set(template);
    if (marker) packet[1] = (template[1] ?? 0) | 0x80;
    packet.writeUInt16BE(number, 2);
    packet.writeUInt32BE(timestamp, 4);
    let transportSequenceNumber: number | undefined;
    if (transportSequenceAt !== undefined) {
      transportSequenceNumber = nextTransportSequence();
      packet.writeUInt16BE(transportSequenceNumber, FIXED_HEADER_BYTES + transportSequenceAt);
    }
    if (original !== undefined) packet.writeUInt16BE(original, headerBytes);
    packet.set(data, at);
    write(packet, headerBytes);
    return { sequenceNumber: number, transportSequenceNumber, sizeBytes: packet.length };
  };

  return {
    codec,
    ssrc,
    send(payload) {
      sequenceNumber = (sequenceNumber + 1) & 0xffff;
      history[sequenceNumber % HISTORY] = { payload, sequenceNumber };
      packetCount++;
      octetCount += payload.data.length;
      return put(mediaHeader, payload, sequenceNumber);
    },
    resend(wanted) {
      const known = history[wanted % HISTORY];
      if (known?.sequenceNumber !== wanted) return undefined;
      if (!rtxHeader) return put(mediaHeader, known.payload, wanted);
      rtxSequenceNumber = (rtxSequenceNumber + 1) & 0xffff;
      return put(rtxHeader, known.payload, rtxSequenceNumber, wanted);
    },
    report(timestamp, atMs) {
      const packet = Buffer.alloc(28);
      packet[0] = 0x80;
      packet[1] = 200;
      packet.writeUInt16BE(6, 2);
      packet.writeUInt32BE(ssrc, 4);
      packet.writeUInt32BE((Math.floor(atMs / 1_000) + NTP_EPOCH_S) % 2 ** 32, 8);
      packet.writeUInt32BE(Math.floor(((atMs % 1_000) / 1_000) * 2 ** 32), 12);
      packet.writeUInt32BE(timestamp, 16);
      packet.writeUInt32BE(packetCount % 2 ** 32, 20);
      packet.writeUInt32BE(octetCount % 2 ** 32, 24);
      options.writeRtcp(packet);
    },
  };
}
