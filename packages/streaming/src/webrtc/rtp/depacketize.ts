import type { EncodedVideoFamily } from "@millrace/media";
import { annexB } from "./annex-b.ts";

/** A frame put together from packets. */
export interface DepacketizedFrame {
  /** An access unit in Annex B, or a VP8 frame. */
  readonly data: Uint8Array;
  /** Whether decoding may begin here. */
  readonly isKey: boolean;
}

const IDR = 5;
const TYPE_BITS = 0x1f;

/**
 * Puts a frame together from the payloads of all its packets in their order; undefined when they are not those of a
 * whole frame. Takes what `packetizeH264` and `packetizeVp8` make, and what other senders make of it.
 */
export function depacketize(
  family: EncodedVideoFamily,
  payloads: readonly Uint8Array[],
): DepacketizedFrame | undefined {
  return family === "h264" ? depacketizeH264(payloads) : depacketizeVp8(payloads);
}

/** Whether a packet begins a frame, as far as it says: after a loss it is not known where the next one begins. */
export function isFrameStart(family: EncodedVideoFamily, payload: Uint8Array): boolean {
  if (family === "vp8") return ((payload[0] ?? 0) & 0x17) === 0x10;
  return ((payload[0] ?? 0) & TYPE_BITS) !== 28 || ((payload[1] ?? 0) & 0x80) !== 0;
}

function depacketizeH264(payloads: readonly Uint8Array[]): DepacketizedFrame | undefined {
  const units: Uint8Array[] = [];
  let pieces: Uint8Array[] | undefined;
  for (const payload of payloads) {
    const type = (payload[0] ?? 0) & TYPE_BITS;
    if (type !== 28 && pieces) return undefined;
    if (type >= 1 && type <= 23) {
      units.push(payload);
    } else if (type === 24) {
      const inside = aggregated(payload);
      if (!inside) return undefined;
      units.push(...inside);
    } else if (type === 28 && payload.length > 2) {
      const [indicator = 0, header = 0] = payload;
      const isStart = (header & 0x80) !== 0;
      if (isStart === (pieces !== undefined)) return undefined;
      pieces ??= [Uint8Array.of((indicator & 0xe0) | (header & TYPE_BITS))];
      pieces.push(payload.subarray(2));
      if ((header & 0x40) !== 0) {
        units.push(Buffer.concat(pieces));
        pieces = undefined;
      }
    } else {
      return undefined;
    }
  }
  if (pieces || units.length === 0) return undefined;
  return {
    data: annexB(units),
    isKey: units.some((unit) => ((unit[0] ?? 0) & TYPE_BITS) === IDR),
  };
}

function aggregated(payload: Uint8Array): readonly Uint8Array[] | undefined {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const units: Uint8Array[] = [];
  for (let at = 1; at < bytes.length; ) {
    if (at + 2 > bytes.length) return undefined;
    const end = at + 2 + bytes.readUInt16BE(at);
    if (end > bytes.length || end === at + 2) return undefined;
    units.push(bytes.subarray(at + 2, end));
    at = end;
  }
  return units;
}

function depacketizeVp8(payloads: readonly Uint8Array[]): DepacketizedFrame | undefined {
  const parts: Uint8Array[] = [];
  for (const [number, payload] of payloads.entries()) {
    const from = vp8DescriptorBytes(payload);
    if (from === undefined || from >= payload.length) return undefined;
    if (number === 0 && !isFrameStart("vp8", payload)) return undefined;
    parts.push(payload.subarray(from));
  }
  const data = Buffer.concat(parts);
  if (data.length === 0) return undefined;
  return { data, isKey: ((data[0] ?? 1) & 1) === 0 };
}

/** Length of the descriptor before the frame's bytes (RFC 7741, section 4.2); undefined when it is cut off. */
function vp8DescriptorBytes(payload: Uint8Array): number | undefined {
  const [first] = payload;
  if (first === undefined) return undefined;
  if ((first & 0x80) === 0) return 1;
  const extension = payload[1];
  if (extension === undefined) return undefined;
  let at = 2;
  if (extension & 0x80) {
    const picture = payload[at];
    if (picture === undefined) return undefined;
    at += picture & 0x80 ? 2 : 1;
  }
  if (extension & 0x40) at++;
  if (extension & 0x30) at++;
  return at;
}
