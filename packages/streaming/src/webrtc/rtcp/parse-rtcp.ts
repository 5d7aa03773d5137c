import { MillraceError } from "@millrace/core";
import { parseTransportFeedback } from "../parse-transport-feedback.ts";
import type { PeerReport } from "../peer-transport.ts";
import { compactNtp } from "./compact-ntp.ts";

const SENDER_REPORT = 200;
const RECEIVER_REPORT = 201;
const TRANSPORT_FEEDBACK = 205;
const PAYLOAD_FEEDBACK = 206;
const REPORT_BLOCK_BYTES = 24;

/**
 * What a compound RTCP packet says about the streams that we send. What cannot be read is passed over: it came from
 * the network, and the next one comes soon.
 *
 * @param ssrc - of the stream whose losses count: the video, or the sound where there is no video
 * @param nowMs - Unix time, as sender reports were stamped with
 */
export function parseRtcp(
  compound: Uint8Array,
  ssrc: number,
  nowMs: number,
): readonly PeerReport[] {
  const bytes = Buffer.from(compound.buffer, compound.byteOffset, compound.byteLength);
  const reports: PeerReport[] = [];
  for (let at = 0; at + 4 <= bytes.length; ) {
    const end = at + (bytes.readUInt16BE(at + 2) + 1) * 4;
    if (bytes.readUInt8(at) >> 6 !== 2 || end > bytes.length) break;
    reports.push(...onePacket(bytes.subarray(at, end), ssrc, nowMs));
    at = end;
  }
  return reports;
}

function onePacket(packet: Buffer, ssrc: number, nowMs: number): readonly PeerReport[] {
  const format = packet.readUInt8(0) & 0x1f;
  switch (packet.readUInt8(1)) {
    case SENDER_REPORT:
      return reportBlocks(packet, 28, format, ssrc, nowMs);
    case RECEIVER_REPORT:
      return reportBlocks(packet, 8, format, ssrc, nowMs);
    case TRANSPORT_FEEDBACK:
      if (format === 1) return missing(packet, ssrc);
      if (format === 15) return feedback(packet);
      return [];
    case PAYLOAD_FEEDBACK:
      // A picture was lost, or is wanted whole.
      if (format === 1 || format === 4) return [{ kind: "key-frame-request" }];
      if (format === 15) return bitrateEstimate(packet);
      return [];
    default:
      return [];
  }
}

function reportBlocks(
  packet: Buffer,
  from: number,
  count: number,
  ssrc: number,
  nowMs: number,
): readonly PeerReport[] {
  for (let block = 0; block < count; block++) {
    const at = from + block * REPORT_BLOCK_BYTES;
    if (at + REPORT_BLOCK_BYTES > packet.length) break;
    if (packet.readUInt32BE(at) !== ssrc) continue;
    const lossRatio = packet.readUInt8(at + 4) / 256;
    const lastReport = packet.readUInt32BE(at + 16);
    const delay = packet.readUInt32BE(at + 20);
    const waited = (compactNtp(nowMs) - lastReport - delay) | 0;
    // Clocks are stepped: a time before the beginning is none.
    const rttMs = lastReport === 0 ? null : Math.max(0, (waited / 65_536) * 1_000);
    return [{ kind: "receiver-report", lossRatio, rttMs }];
  }
  return [];
}

function missing(packet: Buffer, ssrc: number): readonly PeerReport[] {
  if (packet.length < 12 || packet.readUInt32BE(8) !== ssrc) return [];
  const sequenceNumbers: number[] = [];
  for (let at = 12; at + 4 <= packet.length; at += 4) {
    const first = packet.readUInt16BE(at);
    const following = packet.readUInt16BE(at + 2);
    sequenceNumbers.push(first);
    for (let bit = 0; bit < 16; bit++) {
      if ((following >> bit) & 1) sequenceNumbers.push((first + bit + 1) & 0xffff);
    }
  }
  return [{ kind: "nack", sequenceNumbers }];
}

function feedback(packet: Buffer): readonly PeerReport[] {
  try {
    return [{ kind: "feedback", feedback: parseTransportFeedback(packet) }];
  } catch (error) {
    if (MillraceError.is(error) && error.code === "CORRUPT_INPUT") return [];
    throw error;
  }
}

/** REMB (draft-alvestrand-rmcat-remb-03): a mantissa of 18 bits and an exponent of 6. */
function bitrateEstimate(packet: Buffer): readonly PeerReport[] {
  if (packet.length < 20 || packet.toString("latin1", 12, 16) !== "REMB") return [];
  const exponent = packet.readUInt8(17) >> 2;
  const mantissa = packet.readUIntBE(17, 3) & 0x3ffff;
  return [{ kind: "bitrate-estimate", bitrate: mantissa * 2 ** exponent }];
}
