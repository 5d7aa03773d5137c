import { nalUnits } from "./annex-b.ts";

const STAP_A = 24;
const FU_A = 28;
/** Importance of a NAL unit, the two bits that an aggregate takes from the most important of its parts. */
const REFERENCE_BITS = 0x60;
const TYPE_BITS = 0x1f;

/**
 * RTP payloads of an H.264 access unit in Annex B, in packetization mode 1 (RFC 6184): units that fit together go into
 * one packet (STAP-A), and one that is too long into several (FU-A).
 *
 * @param most - bytes of a payload
 */
export function packetizeH264(accessUnit: Uint8Array, most: number): readonly Uint8Array[] {
  const payloads: Uint8Array[] = [];
  let together: Uint8Array[] = [];
  let size = 1;
  const flush = (): void => {
    const [first] = together;
    if (first) payloads.push(together.length === 1 ? first : aggregate(together, size));
    together = [];
    size = 1;
  };
  for (const unit of nalUnits(accessUnit)) {
    if (size + 2 + unit.length > most) flush();
    if (unit.length > most) {
      payloads.push(...fragments(unit, most));
      continue;
    }
    together.push(unit);
    size += 2 + unit.length;
  }
  flush();
  return payloads;
}

function aggregate(units: readonly Uint8Array[], size: number): Uint8Array {
  const payload = Buffer.alloc(size);
  let at = 1;
  let reference = 0;
  for (const unit of units) {
    reference = Math.max(reference, (unit[0] ?? 0) & REFERENCE_BITS);
    payload.writeUInt16BE(unit.length, at);
    payload.set(unit, at + 2);
    at += 2 + unit.length;
  }
  payload[0] = reference | STAP_A;
  return payload;
}

/** Of equal length, so that no packet of a frame is a short straggler. */
function fragments(unit: Uint8Array, most: number): readonly Uint8Array[] {
  const head = unit[0] ?? 0;
  const body = unit.subarray(1);
  const count = Math.ceil(body.length / (most - 2));
  const each = Math.ceil(body.length / count);
  return Array.from({ length: count }, (_, number) => {
    const part = body.subarray(number * each, (number + 1) * each);
    const payload = Buffer.alloc(2 + part.length);
    payload[0] = (head & ~TYPE_BITS) | FU_A;
    payload[1] = (head & TYPE_BITS) | (number === 0 ? 0x80 : 0) | (number === count - 1 ? 0x40 : 0);
    payload.set(part, 2);
    return payload;
  });
}
