import type { PacketFraming } from "../video-track.ts";

const PACKET = 188;
const SYNC = 0x47;
const PES_HEADER = 9;

/**
 * The access unit that begins at the start of a piece of a transport stream (ISO/IEC 13818-1, 2.4.3): the payloads of
 * its packets, without the header of the PES packet, and without what other streams have in between.
 */
export function elementaryBytes(
  raw: Uint8Array,
  { pid, packetBytes, skip }: Extract<PacketFraming, { kind: "transport" }>,
): Uint8Array {
  const payload = new Uint8Array(raw.length);
  let length = 0;
  let header = 0;
  for (let at = skip; at + PACKET <= raw.length; at += packetBytes) {
    if (raw[at] !== SYNC) continue;
    const found = (((raw[at + 1] as number) & 0x1f) << 8) | (raw[at + 2] as number);
    const control = (raw[at + 3] as number) >> 4;
    if (found !== pid || (control & 1) === 0) continue;
    let from = at + 4;
    if ((control & 2) !== 0) from += 1 + (raw[at + 4] as number);
    if (from >= at + PACKET) continue;
    payload.set(raw.subarray(from, at + PACKET), length);
    length += at + PACKET - from;
  }
  if (length >= PES_HEADER) header = PES_HEADER + (payload[8] as number);
  return payload.subarray(Math.min(header, length), length);
}
