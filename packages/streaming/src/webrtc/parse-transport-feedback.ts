import { MillraceError } from "@millrace/core";
import type { PacketFeedback, TransportFeedback } from "./transport-feedback.ts";

const FIXED_BYTES = 20;
/** What a delta and the reference time count. */
const DELTA_US = 250;
const REFERENCE_US = 64_000;
/** A report goes over less than half the numbers, or their order could not be told. */
const MOST_PACKETS = 0x8000;

/**
 * Reads one RTCP packet of transport-wide feedback (type 205, format 15), header included.
 *
 * @throws MillraceError CORRUPT_INPUT when it is another packet, or says more than it holds
 */
export function parseTransportFeedback(packet: Uint8Array): TransportFeedback {
  const bytes = Buffer.from(packet.buffer, packet.byteOffset, packet.byteLength);
  if (bytes.length < FIXED_BYTES) throw corrupt(`it has ${bytes.length} bytes of at least 20`);
  if ((bytes.readUInt8(0) & 0xdf) !== 0x8f || bytes.readUInt8(1) !== 205) {
    throw corrupt("it is an RTCP packet of another kind");
  }
  const end = (bytes.readUInt16BE(2) + 1) * 4;
  if (end > bytes.length) throw corrupt(`it says ${end} bytes and has ${bytes.length}`);
  const base = bytes.readUInt16BE(12);
  const count = bytes.readUInt16BE(14);
  if (count > MOST_PACKETS) throw corrupt(`it tells of ${count} packets`);
  const symbols = new Uint8Array(count);
  let at = readSymbols(bytes, FIXED_BYTES, end, symbols);

  let timeUs = bytes.readIntBE(16, 3) * REFERENCE_US;
  const packets: PacketFeedback[] = [];
  for (const [offset, symbol] of symbols.entries()) {
    const transportSequenceNumber = (base + offset) & 0xffff;
    if (symbol === 0) {
      packets.push({ transportSequenceNumber, receivedAtUs: null });
      continue;
    }
    const size = symbol === 1 ? 1 : 2;
    if (at + size > end) throw corrupt("its delays end too early");
    // Small ones are never negative; long ones may be, where packets overtook each other.
    timeUs += (size === 1 ? bytes.readUInt8(at) : bytes.readInt16BE(at)) * DELTA_US;
    at += size;
    packets.push({ transportSequenceNumber, receivedAtUs: timeUs });
  }
  return { packets };
}

/**
 * Fills in what became of each packet: 0 did not come, 1 with a short delay, 2 with a long one.
 *
 * @returns where the delays begin
 */
function readSymbols(bytes: Buffer, from: number, end: number, symbols: Uint8Array): number {
  let at = from;
  let known = 0;
  const put = (symbol: number): void => {
    if (known >= symbols.length) return;
    if (symbol === 3) throw corrupt("it has a status that means nothing");
    symbols[known++] = symbol;
  };
  while (known < symbols.length) {
    if (at + 2 > end) throw corrupt("its statuses end too early");
    const chunk = bytes.readUInt16BE(at);
    at += 2;
    if ((chunk & 0x8000) === 0) {
      const symbol = (chunk >> 13) & 3;
      const run = Math.min(chunk & 0x1fff, symbols.length - known);
      for (let turn = 0; turn < run; turn++) put(symbol);
    } else if ((chunk & 0x4000) === 0) {
      for (let bit = 13; bit >= 0; bit--) put((chunk >> bit) & 1);
    } else {
      for (let bit = 12; bit >= 0; bit -= 2) put((chunk >> bit) & 3);
    }
  }
  return at;
}

function corrupt(what: string): MillraceError {
  return new MillraceError("CORRUPT_INPUT", `This is no transport feedback: ${what}.`);
}
